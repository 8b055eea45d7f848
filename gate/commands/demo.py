"""``gate demo`` and ``gate replay``: the gate over recordings instead of a camera."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.texts.terminal import Console

ROOT = Path(__file__).parent.parent.parent


def demo(
    data: Annotated[Path, typer.Option(help="Where the demonstration keeps its database.")] = Path(
        "var/demo"
    ),
    fixtures: Annotated[Path, typer.Option(help="Photographs and recordings.")] = ROOT / "fixtures",
    picture: Annotated[Path, typer.Option(help="The picture it writes.")] = Path(
        "var/demo/run.jpg"
    ),
    film: Annotated[Path, typer.Option(help="The film it writes (animated WebP).")] = Path(
        "var/demo/film.webp"
    ),
    page: Annotated[
        Path, typer.Option(help="The page with film, table, figures and picture.")
    ] = Path("var/demo/index.html"),
    recorded_speed: Annotated[
        bool, typer.Option("--recorded-speed", help="Play at the speed of the recording.")
    ] = False,
) -> None:
    """Watch recorded people walk up to a gate with 7,000 enrolled.

    Needs no camera, no relay and no network. Ends with a table, a picture, a film and a page with
    all of them.
    """
    from gate.demo.runner import run_demo

    run_demo(Console(), data, fixtures, picture, film=film, page=page, paced=recorded_speed)


def replay(
    path: Annotated[Path, typer.Argument(help="A folder of frames or a video.")],
    config: Config = DEFAULT,
    fps: Annotated[
        float, typer.Option(min=0.1, max=240, help="Frames per second, for a folder.")
    ] = 10.0,
    recorded_speed: Annotated[
        bool, typer.Option("--recorded-speed", help="Play at the speed of the recording.")
    ] = False,
) -> None:
    """Run the gate on a recording instead of its camera, with its own register and relay.

    Without --recorded-speed it runs as fast as the machine can, and decides the same each time.
    """
    from gate.demo.runner import run_replay

    run_replay(Console(), load(config), path, fps, paced=recorded_speed)
