"""The demonstration as one page: film, table, figures and picture, in every language.

Everything is in the file, images too: it can be sent to somebody, and loads nothing.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gate.access.reasons import text
from gate.demo.film_frame import HEIGHT, PANEL, WIDTH
from gate.demo.liveness import after, named
from gate.demo.report import GRANTED, OUTCOMES, Attempt, Rate, RunRecord, figures, score_text
from gate.errors import StoreError
from gate.texts.catalogue import LANGUAGES, Translate, translator, word


def write_page(record: RunRecord, path: Path, *, film: Path | None, picture: Path) -> None:
    """Write the page to ``path``. ``film``, ``picture``: images that it shows.

    Raises:
        StoreError: when an image cannot be read or the page not be written.
    """
    try:
        page = render(
            record,
            film=_embedded(film, "image/webp") if film else "",
            picture=_embedded(picture, f"image/{_kind(picture)}"),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, "utf-8")
    except OSError as error:
        raise StoreError(
            f"the page of the run cannot be written: {error}",
            where=str(path),
            hint="give a file in a folder with room",
        ) from error


def render(record: RunRecord, *, film: str, picture: str) -> str:
    """The HTML. ``film``, ``picture``: addresses of the images; without a film it is left out."""
    here = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=here, autoescape=True, undefined=StrictUndefined)
    pages = [_page(record, language) for language in LANGUAGES]
    return environment.get_template("page.html").render(
        pages=pages, film=film, picture=picture, size=(WIDTH + PANEL, HEIGHT)
    )


def _page(record: RunRecord, language: str) -> dict[str, Any]:
    _ = translator(language)
    headings = (
        *(_("recording"), _("who"), _("outcome"), _("reason")),
        *(_("evidence / needed"), _("ms"), _("as meant")),
    )
    return {
        "language": language,
        "named": LANGUAGES[language],
        "title": _("Recorded people before the gate"),
        "film": _("Film of the run"),
        "about": _(
            "{people} people are enrolled, {real} of them real: the others are generated "
            "templates, spread like those of real people. The recordings are drawn from "
            "photographs in the public domain. Everything between the picture and the relay is "
            "the gate itself.",
            people=f"{record.people:,}",
            real=f"{record.people - record.generated:,}",
        ),
        "legend": _(
            "Left: what the camera sees, with what the gate makes of each face. Right: the screen "
            "at the gate, the evidence that the nearest face is the person it resembles most "
            "(dashed: what it has to reach), and the door."
        ),
        "came": _("Who came to the gate"),
        "run": _("The run"),
        "moments": _("The deciding frames"),
        "few": _(
            "Four people are too few to say how well people are recognised, as the intervals show."
        ),
        "headings": headings,
        "rows": [_row(attempt, _, language) for attempt in record.attempts],
        "figures": _figures(record, _, language),
        "asked": after(figures(record).not_held_live, record.networks, _),
    }


def _row(a: Attempt, _: Translate, language: str) -> dict[str, Any]:
    who = a.person or _("nobody")
    if a.attack:
        who = _("a print held up")
    elif a.person and not a.enrolled:
        who = _("{name}, not enrolled", name=a.person)
    outcome = _(OUTCOMES[a.outcome])
    if a.recognised and a.recognised != a.person:
        outcome = _("{outcome} as {name}", outcome=outcome, name=a.recognised)
    if a.by_card:
        outcome = _("{outcome}, by card", outcome=outcome)
    return {
        "recording": word("recording", a.recording.replace("-", " "), language),
        "who": who,
        "code": a.outcome,
        "outcome": outcome,
        "reason": text(a.reason, language).head if a.reason and a.outcome != GRANTED else "",
        "score": score_text(a) or "–",
        "milliseconds": "–" if a.latency is None else f"{1000 * a.latency:.0f}",
        "meant": a.as_expected,
        "answer": _("yes") if a.as_expected else _("NO"),
    }


def _figures(record: RunRecord, _: Translate, language: str) -> list[tuple[str, str]]:
    f = figures(record)

    def rate(value: Rate) -> str:
        if not value.total:
            return _("none came")
        low, high = (f"{100 * end:.1f}" for end in value.interval)
        of = _("{count} of {total}", count=value.count, total=value.total)
        return of + _(" (95 % interval: {low} to {high} %)", low=low, high=high)

    shown = [
        (_("residents let in"), f"{f.granted}"),
        (_("of them by their card"), f"{f.by_card}"),
        (_("strangers let in"), f"{f.strangers_granted}"),
        (_("strangers mistaken for a resident (FPIR)"), rate(f.fpir)),
        (_("residents not let in by their face (FNIR)"), rate(f.fnir)),
        (
            _("recognised, but asked for a card"),
            ", ".join(
                _("{count}: {reason}", count=n, reason=word("why", reason, language))
                for reason, n in f.not_by_face
            )
            or "0",
        ),
        (_("attacks that opened the door (IAPAR)"), rate(f.iapar)),
        (
            _("from the frame to the relay, p50 / p95 / p99"),
            " / ".join(f"{1000 * x:.0f}" for x in f.latency) + " ms"
            if f.latency
            else _("no grant"),
        ),
        (_("frames, of them damaged"), f"{record.frames:,}, {record.damaged}"),
    ]
    if record.seconds:
        shown.append((_("frames a second"), f"{record.frames / record.seconds:.1f}"))
    shown += [
        (_("memory"), f"{record.memory / 2**20:.0f} MB"),
        (_("detector, encoder"), f"{record.detector}, {record.encoder}"),
        (_("liveness"), named(record.networks, _)),
    ]
    return shown


def _embedded(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _kind(picture: Path) -> str:
    return "png" if picture.suffix.lower() == ".png" else "jpeg"
