"""``gate models``: which models there are, fetch them, check them, choose one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import set_cell_size
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from gate.commands import Config
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ModelError
from gate.models import MODELS, Model, ModelFile, find, install, model
from gate.models.download import Limits
from gate.models.folder import State, accepted, folders, state
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.replica.models import FromHub
from gate.setup import asking, system
from gate.setup.document import Document
from gate.store.store import Store
from gate.texts.terminal import Console, here, named

models = typer.Typer(
    help="List, fetch, check and choose the models that find, compare and test faces.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None, typer.Argument(help="Names of models; otherwise the recommended ones.")
]

SILENT_AFTER = 15.0  # seconds without a byte after which a server is given up
RETRIES = 4  # further attempts, each going on where the last one broke off
_COLOUR = {
    State.INSTALLED: "green",
    State.INCLUDED: "green",
    State.MISSING: "yellow",
    State.DAMAGED: "red",
}


@models.command("list")
def list_(
    config: Config = DEFAULT,
    sources: Annotated[
        bool, typer.Option("--sources", help="Print official addresses and hashes as well.")
    ] = False,
) -> None:
    """Show every model: task, licence, size, whether it is installed, what it is good for."""
    settings = load(config).models
    table = Table(show_lines=False)
    for heading in ("name", "task", "licence", "MB", "state", "good for"):
        table.add_column(named("column", heading), justify="right" if heading == "MB" else "left")
    for each in MODELS:
        at, _ = state(each, settings)
        star = " *" if each.recommended else ""
        size = f"{each.size / 1e6:.1f}" if each.size else ""
        coloured = f"[{_COLOUR[at]}]{named('installed', at)}[/]"
        good_for = here(each.good_for)
        task = named("doctor", each.task)
        table.add_row(each.name + star, task, each.licence, size, coloured, good_for)
    console = Console()
    console.print(table)
    console.print("* recommended: `gate models fetch` installs them", highlight=False)
    if sources:
        _print_sources(console)
    else:
        console.print("official addresses and hashes: `gate models list --sources`")


def _print_sources(console: Console) -> None:
    for each in MODELS:
        for file in each.files:
            console.print(f"\n{each.name}  {file.name}", style="bold", highlight=False)
            size = f"{file.size:,} bytes" if file.size else "no size published"
            sha256 = f"sha256 {file.sha256}" if file.sha256 else "no hash published"
            for line in (size, sha256, *(file.sources or (each.homepage,))):
                console.print(f"  {line}", highlight=False, soft_wrap=True)


@models.command()
def fetch(
    names: Names = None,
    config: Config = DEFAULT,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Copy from this folder or USB stick, not from the network."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--within", help="Give up after so many seconds.")
    ] = None,
) -> None:
    """Install models from their official sources; each is checked by its hash.

    A box that belongs to a hub asks the hub first.

    An interrupted download goes on from there the next time. A proxy is taken from the
    environment (https_proxy).
    """
    whole = load(config)
    settings = whole.models
    chosen = [model(name) for name in names or ()]
    chosen = chosen or [m for m in MODELS if m.recommended and accepted(m, settings)]
    deadline = None if seconds is None else time.monotonic() + seconds
    limits = Limits(SILENT_AFTER, RETRIES, deadline)
    nearby = _hub_of(whole) if source is None else None
    fetcher = install.Fetcher(settings.folder, limits, nearby)
    console = Console()
    failures: list[ModelError] = []
    for each in chosen:
        if state(each, settings)[0] in (State.INSTALLED, State.INCLUDED):
            console.print(f"{each.name}: installed already", highlight=False)
            continue
        try:
            if source is not None:
                new = install.copy(each, source, settings.folder)
                came = f"installed {len(new)} file(s) from {source}"
            else:
                came = "; ".join(
                    f"{one.path.name} from {one.source}"
                    for one in _fetch_with_bar(each, fetcher, console)
                )
        except ModelError as error:
            failures.append(error)
            console.print(f"{each.name}: {error}", style="red", markup=False, highlight=False)
        else:
            console.print(f"{each.name}: {came}", highlight=False, soft_wrap=True)
    if failures:
        raise ModelError(
            f"{len(failures)} of {len(chosen)} models are not installed; nothing is half-installed",
            where=str(settings.folder),
            hint="run the command again, or copy the files with --from; dlib's go on working",
        )


def _hub_of(settings: Settings) -> FromHub | None:
    """The hub of this box; None for a box that is alone."""
    folder = folder_of(settings.data)
    if not (folder / "box.crt").exists():
        return None
    with Store.open(settings.store, settings.data, create=False) as store:
        identity = Identity.of(store, folder)
    return FromHub(identity) if identity else None


def _fetch_with_bar(
    each: Model, fetcher: install.Fetcher, console: Console
) -> list[install.Installed]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(file: ModelFile, done: int) -> None:
            if file.name not in tasks:
                tasks[file.name] = progress.add_task(file.name, total=file.size)
            progress.update(tasks[file.name], completed=done)

        return fetcher.fetch(each, show)


@models.command()
def verify(names: Names = None, config: Config = DEFAULT) -> None:
    """Compare every installed file with its hash. Exit status 1 when one is damaged."""
    settings = load(config).models
    console = Console()
    damaged = []
    for each in [model(name) for name in names] if names else MODELS:
        at, path = state(each, settings)
        where = f"  {path}" if path else ""
        shown = named("installed", at)
        console.print(
            f"[{_COLOUR[at]}]{set_cell_size(shown, 10)}[/] {each.name}{where}", highlight=False
        )
        if at is State.DAMAGED:
            damaged.append(each.name)
    if damaged:
        raise ModelError(
            f"damaged or half-copied, and not used: {', '.join(damaged)}",
            where=", ".join(str(folder) for folder in folders(settings)),
            hint=f"gate models fetch {' '.join(damaged)}",
        )


@models.command()
def use(
    name: Annotated[str, typer.Argument(help="A detector or an encoder.")],
    config: Config = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Choose a detector or encoder in the configuration, and say what the change involves."""
    settings = load(config)
    chosen = model(name)
    if chosen.task == "liveness":
        raise ModelError(
            "models against attacks are used together as soon as they are installed",
            where=name,
            hint=f"gate models fetch {name}",
        )
    path = find(name, settings.models)
    if chosen.files and path is None:
        raise ModelError(
            f"{name} is not installed",
            where=str(settings.models.folder),
            hint=f"gate models fetch {name}",
        )
    console = Console()
    # a file in dlib's own format is named by its path
    value = str(path) if path is not None and path.suffix == ".dat" else name
    if chosen.task == "encoder":
        console.print(cost(value, settings), highlight=False)
        if not yes:
            asking.sure_or_end(here("Change the encoder?"))
    document = Document.open(config)
    document.set(f"recognition.{chosen.task}", value)
    document.save()
    if system.is_box(config):  # what was opened as root is the services' again
        system.give_data()
    console.print(f'{config}: [recognition] {chosen.task} = "{value}"', markup=False)
    console.print("it counts from the next start of the gate")


def cost(encoder: str, settings: Settings) -> str:
    """What changing to ``encoder`` costs this gate, in words."""
    counts: dict[str, int] = {}
    if (settings.data / settings.store.key).exists():  # a new box has no register yet
        with Store.open(settings.store, settings.data, create=False) as store:
            counts = store.templates.count()
    stem = encoder.split("/")[0]
    others = sum(n for name, n in counts.items() if name.split("/")[0] != stem)
    there = sum(n for name, n in counts.items() if name.split("/")[0] == stem)
    if not others:
        return "Nobody is enrolled with another encoder: the change costs nothing."
    return (
        f"{others} templates were made by another encoder and cannot be compared with the new "
        f"one's; {there} were made by it already. No photographs are kept, so people are enrolled "
        "again: at the desk about a minute each, or all at once with `gate enroll FOLDER` where "
        "the photographs are still at hand. Until then they pass by card. The old templates stay: "
        "changing back costs nothing. Calibrate afterwards: `gate calibrate`."
    )
