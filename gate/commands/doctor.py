"""``gate doctor``: every part of this box, each fine or with what to do."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from gate.commands import Config
from gate.config.settings import DEFAULT, load
from gate.texts.terminal import Console, language, named, reworded

if TYPE_CHECKING:  # what looks at everything imports everything: not for the help
    from gate.doctor import Finding, Level

_LOOK = {"ok": ("green", "OK"), "warn": ("yellow", "look"), "bad": ("red", "fix")}


def doctor(config: Config = DEFAULT) -> None:
    """Check configuration, clock, disk, camera, models, database, key, relay, readers, broker and
    hub.

    Exit status 0 when nothing must be fixed, otherwise 1.
    """
    from gate.doctor import Level

    if report(config, Console()) is Level.BAD:
        raise SystemExit(1)


def report(config: Path, console: Console) -> Level:
    """Print every finding in the console's language; returns the worst.

    Raises ConfigurationError.
    """
    from gate.doctor import Level, examine
    from gate.doctor.configuration import configuration, together

    to = console.language or language()
    settings = load(config)
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")  # Chinese has no spaces to break at, and would be cut
    worst = Level.OK
    for finding in chain(configuration(config), together(settings), examine(settings)):
        worst = max(worst, finding.level)
        _row(table, finding, to)
    console.print(table)
    return worst


def _row(table: Table, finding: Finding, to: str) -> None:
    colour, level = _LOOK[finding.level.name.lower()]
    marked = f"[{colour}]{named('level', level, to)}[/]"
    part = named("doctor", finding.part, to)
    table.add_row(marked, escape(part), escape(reworded(finding.says, to)))
    if finding.hint:
        table.add_row("", "", f"[dim]→ {escape(reworded(finding.hint, to))}[/]")
