"""Tables as the offices of Chinese communities keep them, written to files and planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from gate.importing.choices import Choices
from gate.importing.photos import NoPhotos
from gate.importing.plan import Plan, plan
from gate.importing.table import open_table
from gate.store.store import Store

TODAY = date(2026, 11, 23)
Rows = Sequence[Sequence[object]]


def workbook(folder: Path, sheets: Mapping[str, Rows] | Rows, *merged: str) -> Path:
    """A workbook of these rows; ``merged`` cells are those of the first sheet."""
    book = Workbook()
    book.remove(book.active)
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    for name, rows in named.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    path = folder / "people.xlsx"
    book.save(path)
    return path


def planned(path: Path, store: Store, choices: Choices | None = None) -> Plan:
    """What an import of the table would do."""
    made = choices or Choices(language="zh")
    return plan(open_table(path, made), NoPhotos(), store, made, today=TODAY)


def values(made: Plan, *columns: str) -> list[tuple[str, ...]]:
    """Of each line what it has in ``columns``, "" where it has nothing."""
    return [tuple(line.values.get(column, "") for column in columns) for line in made.lines]


def mistakes(made: Plan) -> list[tuple[int, str, str]]:
    """Line, column and text of each mistake."""
    return [(one.line, one.column, one.text) for one in made.wrong]
