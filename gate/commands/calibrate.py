"""``gate calibrate``: fit and thresholds from the people enrolled here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.errors import RecognitionError
from gate.recognition.face import Template
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.gallery import Gallery, Snapshot
from gate.recognition.matching.lookalikes import lookalikes
from gate.recognition.matching.matcher import build_matcher
from gate.recognition.matching.site_calibration import learn_site, unpack
from gate.services.gallery_sync import KIND, put_in_use, wished, wished_in
from gate.store.store import Store
from gate.texts.terminal import Console, here, named, table


def calibrate(
    config: Config = DEFAULT,
    fpir: Annotated[
        float | None,
        typer.Option(help="Share of impostors that may be accepted; otherwise as before."),
    ] = None,
    fmr: Annotated[float | None, typer.Option(help="The same where a card says who it is.")] = None,
    encoder: Annotated[
        str, typer.Option(help="For the templates of this encoder; otherwise of the most used one.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the calibration in use still holds.")
    ] = False,
) -> None:
    """Set the thresholds from the site's own gallery and store them.

    Exit status 1 with --check when the gallery has outgrown the calibration or there is none.
    """
    if not all(0 < rate <= 0.1 for rate in (fpir, fmr) if rate is not None):
        raise typer.BadParameter("rates lie above 0 and at most 0.1")
    settings = load(config)
    console = Console()
    with Store.open(settings.store, settings.data, create=False) as store:
        gallery = gallery_in(store, encoder)
        stored = store.calibrations.active(KIND, gallery.encoder)
        before = None
        if stored:
            try:
                before = unpack(stored.body)[1]
            except RecognitionError as error:
                console.print(error.what, style="yellow", markup=False)
        if check:
            raise SystemExit(_check(console, before, len(gallery.people)))
        rates = wished(before) if before else wished_in(stored)
        fpir, fmr = fpir or rates[0], fmr or rates[1]
        made = datetime.now(UTC).isoformat(timespec="seconds")
        with console.status(here(f"calibrating on {len(gallery.people):,} people")):
            fit, calibration = learn_site(gallery, made=made, fpir=fpir, fmr=fmr)
            matcher = build_matcher(gallery, fit, calibration)
            alike = lookalikes(matcher)
        put_in_use(store, fit, calibration)
    console.print(_table(calibration, before))
    double = sum(pair.double for pair in alike)
    console.print(
        f"{len(alike)} pairs of people are alike enough to be confused at this threshold, "
        f"{double} of them too alike for chance: see Look-alikes at the desk."
    )


def gallery_in(store: Store, encoder: str = "") -> Snapshot:
    """The enrolled templates of an encoder. Raises RecognitionError when there are none."""
    counts = store.templates.count()
    name = encoder or max(counts, key=lambda each: counts[each], default="")
    if not counts.get(name):
        raise RecognitionError(
            f"nobody is enrolled with the encoder {name!r}" if name else "nobody is enrolled",
            where=", ".join(sorted(counts)),
            hint="enrol people at the desk first, or name another encoder",
        )
    loaded = store.templates.load(name)
    gallery = Gallery(name, loaded.vectors.shape[1])
    rows = zip(loaded.people.tolist(), loaded.vectors, strict=True)
    return gallery.add(Template(person, vector, name) for person, vector in rows)


def _check(console: Console, calibration: Calibration | None, people: int) -> int:
    if calibration is None:
        console.print("There is no calibration that can be used: run `gate calibrate`.")
        return 1
    console.print(
        f"Made {calibration.made} for {calibration.people:,} people; {people:,} are enrolled."
    )
    if calibration.of_earlier_score:
        console.print(
            "An earlier version scored differently: run `gate calibrate`.", style="yellow"
        )
        return 1
    if calibration.outgrown(people):
        console.print("The gallery has outgrown it: run `gate calibrate`.", style="yellow")
        return 1
    return 0


def _table(now: Calibration, before: Calibration | None) -> Table:
    shown = table("", "now", "before", pad_edge=False)
    low, high = now.interval

    def row(title: str, value: str, old: str) -> None:
        shown.add_row(named("column", title), here(value), here(old) if before else "")

    row("encoder", now.encoder, before.encoder if before else "")
    row("fit", now.fit, before.fit if before else "")
    row("people", f"{now.people:,}", f"{before.people:,}" if before else "")
    row(
        f"threshold for FPIR {100 * now.fpir:g} %",
        f"{now.threshold:.3f} (95 %: {low:.3f} to {high:.3f})",
        f"{before.threshold_at(now.fpir):.3f}" if before else "",
    )
    row(
        f"threshold with a card, FMR {100 * now.fmr:g} %",
        f"{now.verify_threshold:.3f}",
        f"{before.verify_threshold:.3f}" if before else "",
    )
    row("scores of residents from", now.mates, before.mates if before else "")
    return shown
