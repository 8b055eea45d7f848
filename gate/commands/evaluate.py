"""``gate evaluate``: error rates on photographs, or of this site, with intervals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gate.commands import Config
from gate.commands.calibrate import gallery_in
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ConfigurationError
from gate.evaluation import report
from gate.evaluation.comparisons import FMRS, Comparison
from gate.evaluation.faces_in import measuring_data
from gate.evaluation.measure import Data, data_in, measure
from gate.evaluation.on_site import on_site
from gate.evaluation.recipe import UsualRecipe
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders.build import build_encoder
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.encoders.encoder import Encoder
from gate.store.store import Store
from gate.texts.terminal import Console, here, language, named, table

USUAL = "usual"
_SMALLEST = 40  # pixels: photographs are cropped, so faces are small in them


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder of PERSON/PHOTO.jpg; otherwise the one in GATE_LFW_DIR."),
    ] = None,
    config: Config = DEFAULT,
    site: Annotated[bool, typer.Option("--site", help="Measure on the enrolled people.")] = False,
    encoder: Annotated[
        list[str] | None,
        typer.Option(help="dlib, retail-0095, a *.dat file, or usual (the usual recipe)."),
    ] = None,
    protocol: Annotated[str, typer.Option(help="Some of the letters a to h.")] = "abcdefgh",
    errata: Annotated[
        Path | None, typer.Option(help="A file of corrected labels: PHOTO PERSON.")
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="Pairs for (a), like LFW's pairs.txt.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group: NAME=FILE, a file of people's names.")
    ] = None,
    numbered: Annotated[
        Path | None,
        typer.Option(help="A folder of photographs of unnamed people, with groups.txt, for (e)."),
    ] = None,
    merges: Annotated[
        Path | None, typer.Option(help="A file of people who appear twice, for (e).")
    ] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="How many photographs of each person to use.")
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where vectors are kept.")] = Path("var/evaluation"),
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all figures to this file.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report page to this file.")] = None,
) -> None:
    """Measure FNIR at FPIR 1, 0.3 and 0.1 %, by protocol, group and half of the people.

    The first run encodes every photograph and takes minutes; you can stop it at any time, and
    the next run goes on from there. Nothing is sent anywhere.
    """
    settings = load(config)
    console = Console()
    if site and html:
        raise typer.BadParameter(
            "the page of --html is of photographs: with --site there are only lines"
        )
    for file in (json_file, html):
        if file is not None:  # before the work, not after it
            with file.open("a"):
                pass
    if unknown := sorted(set(protocol) - set("abcdefgh")):
        raise typer.BadParameter(f"there is no protocol {', '.join(unknown)}; they are a to h")
    if site:
        with Store.open(settings.store, settings.data, create=False) as store:
            results = on_site(gallery_in(store))
        for line in results["lines"]:
            console.print(line)
    else:
        data = data_in(
            folder or measuring_data("lfw"),
            errata=errata,
            pairs=pairs,
            groups=dict(_group(each) for each in group or ()),
            numbered=numbered,
            merges=merges,
            most=most,
        )
        results = {"data": str(data), "encoders": {}}
        for name in encoder or (USUAL, "dlib", "retail-0095"):
            part = _one(data, name, settings, cache, protocol, console)
            results["encoders"][name] = part
            show(console, name, part)
        if html:
            html.write_text(report.page(results, language()), encoding="utf-8")
        results = report.as_json(results)
    if json_file:
        json_file.write_text(json.dumps(results, indent=1, default=asdict), encoding="utf-8")


def _group(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals:
        raise ConfigurationError(
            f"a group without a file: {text!r}", where="--group", hint="write NAME=FILE"
        )
    return name, Path(file)


def _one(
    data: Data, name: str, settings: Settings, cache: Path, protocol: str, console: Console
) -> dict[str, Any]:
    recognition = settings.recognition.model_copy(
        update={"encoder": "dlib" if name == USUAL else name, "min_face": _SMALLEST}
    )
    models: ModelsSettings = settings.models
    encoder: Encoder = build_encoder(recognition, models)
    ways: tuple[str, ...] = ("plain", "site")
    if name == USUAL and isinstance(encoder, DlibEncoder):
        encoder, ways = UsualRecipe(encoder), (USUAL,)
    detector = build_detector(recognition, models)
    with console.status("") as status:
        return measure(
            data,
            encoder,
            detector,
            cache,
            ways=ways,
            which="".join(set(protocol) - set("afgh")) if name == USUAL else protocol,
            say=lambda line: status.update(here(line)),
        )


def show(console: Console, name: str, part: dict[str, Any]) -> None:
    """Print the figures of one encoder, as ``measure`` gives them."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("trial", "way", "group", "people", "at 1 %", "0.3 %", "0.1 %", "FPIR out"):
        shown.add_column(named("column", heading), no_wrap=heading != "group")
    console.print(f"{name}: FNIR %, probes / people weighing alike", style="italic")
    for line in report.summary(part["rows"]):
        trial, way, group, people, *figures = line
        shown.add_row(trial, way, group, named("half", people), *figures)
    if not part["rows"]:
        console.print("nothing could be measured: too few people, or photographs of each, for this")
        return
    console.print(shown)
    titles = dict.fromkeys(f"({row.trial}) {here(row.title)}" for row in part["rows"])
    console.print("; ".join(titles), style="dim")
    console.print("FPIR out: what came out where 1 and 0.3 % were asked for", style="dim")
    console.print(f"faces not found: {part['missing']} of {part['photos']}")
    if part["comparisons"]:
        console.print("FNMR %, one picture against one", style="italic")
        console.print(_comparisons(part["comparisons"]))
    if part["pairs"]:
        console.print(f"(a) verification, ten folds: {part['pairs']}")


def _comparisons(rows: list[Comparison]) -> Table:
    shown = table("pairs")
    for heading in ("people", "genuine", "others", *(f"FMR {fmr:g}" for fmr in FMRS)):
        shown.add_column(named("column", heading), justify="right")
    for row in rows:
        rates = [
            f"{100 * r.value:.2f} ({100 * r.low:.2f}–{100 * r.high:.2f})"
            if (r := row.fnmr.get(fmr))
            else "–"
            for fmr in FMRS
        ]
        counts = (f"{row.people}", f"{row.genuine:,}", f"{row.others:,}")
        shown.add_row(f"({row.protocol}) {here(row.title)}", *counts, *rates)
    return shown
