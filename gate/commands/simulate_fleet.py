"""``gate simulate fleet``: a district of boxes on this machine, with everything that goes wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def fleet(
    gates: Annotated[
        int, typer.Option(min=1, max=5000, help="Number of boxes, one for each gate.")
    ] = 20,
    people: Annotated[int, typer.Option(min=1, help="People in the register.")] = 2_000,
    reach: Annotated[int, typer.Option(min=1, help="Buildings that each gate serves.")] = 2,
    changes: Annotated[float, typer.Option(help="Changes per second at the desk.")] = 2.0,
    events: Annotated[float, typer.Option(help="Events per second, all boxes together.")] = 50.0,
    backlog: Annotated[
        int, typer.Option(help="Events each box has stored while the hub was away.")
    ] = 500,
    seconds: Annotated[
        float, typer.Option(help="Length of the undisturbed part; the faults last half as long.")
    ] = 30,
    only_backlog: Annotated[
        bool, typer.Option(help="No faults: only deliver the backlog.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, help="Number of processes that share the boxes.")
    ] = 2,
    url: Annotated[
        str, typer.Option(help="An empty PostgreSQL database for the hub; otherwise SQLite.")
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option(help="An empty folder, kept afterwards; otherwise a temporary one."),
    ] = None,
) -> None:
    """Run a hub and many boxes, without cameras: links are cut and frozen, messages arrive
    twice, clocks are wrong, boxes are restarted, restored, shut out and replaced, the hub is
    killed and restored from a backup. What must hold is checked throughout; exit status 1 when
    something does not.
    """
    from gate.district.layout import Layout
    from gate.district.run import simulate

    out = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="gate-district-") as own:
        result = simulate(
            folder or Path(own),
            Layout(gates, people, reach),
            lambda line: out.print(line, markup=False),
            url=url,
            processes=processes,
            seconds=seconds,
            changes=changes,
            events=events,
            backlog=backlog,
            only_backlog=only_backlog,
        )
    for wrong in result.wrong[:50]:
        out.print(wrong, style="red", markup=False)
    out.print(f"{len(result.wrong)} things wrong" if result.wrong else "everything held")
    if result.wrong:
        raise typer.Exit(1)
