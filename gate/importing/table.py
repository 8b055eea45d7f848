"""A table of people read in one go, where nobody is there to be asked."""

from __future__ import annotations

from pathlib import Path

from gate.errors import ConfigurationError
from gate.importing.book import MOST_LINES
from gate.importing.choices import Choices
from gate.importing.headings import HEADINGS
from gate.importing.read import read_book
from gate.importing.understand import Understanding, understand
from gate.importing.wrong import Line

__all__ = ["Line", "open_table", "read_table", "refuse_none"]


def open_table(path: Path, choices: Choices | None = None) -> Understanding:
    """A file and what it says. Raises ConfigurationError when it is no table at all."""
    choices = choices or Choices()
    return understand(read_book(path, choices.encoding), choices)


def refuse_none(table: Understanding, where: str) -> None:
    """Raises ConfigurationError when there is no column for names, or nobody in the table."""
    if table.columns and not any(column.field in ("name", "surname") for column in table.columns):
        headings = ", ".join(column.heading for column in table.columns if column.heading)
        raise ConfigurationError(
            "there is no column for the name",
            where=f"{where}, line {table.layout.line}: {headings[:200]}",
            hint="known: " + ", ".join(names[0] for names in HEADINGS.values()),
        )
    if not table.columns and table.hidden_sheets:
        raise ConfigurationError(
            "every sheet with something in it is hidden",
            where=f"{where}: {', '.join(table.hidden_sheets)[:200]}",
            hint="open the workbook, show the sheet with the people, and save it",
        )
    if not table.lines or len(table.lines) > MOST_LINES:
        raise ConfigurationError(
            "nobody is in the table"
            if not table.lines
            else f"the table has {len(table.lines)} people",
            where=where,
            hint="1 to 100,000 can be imported",
        )


def read_table(path: Path) -> list[Line]:
    """The lines of a table that leaves no question open and has no unreadable cell.

    Raises ConfigurationError.
    """
    table = open_table(path)
    refuse_none(table, path.name)
    if table.open:
        raise ConfigurationError(
            "the table can be read in more than one way",
            where=f"{path.name}: {', '.join(question.about for question in table.open)}",
            hint="choose how it is meant",
        )
    if table.wrong:
        first = table.wrong[0]
        raise ConfigurationError(
            f"line {first.line}, {first.column}: {first.what}",
            where=path.name,
            hint="correct the cell",
        )
    return list(table.lines)
