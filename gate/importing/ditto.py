"""Cells that say "as above" (同上, 〃, ditto), read as the cell above them.

That cell may belong to a line that is hidden and left out; a cell below an empty one says nothing.
What is somebody's own, or an answer they gave, is not taken over from their neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.importing.book import Cell, Form, Row
from gate.importing.layout import Layout
from gate.importing.line_numbers import sheet_of
from gate.importing.text import compact

_SAID = {
    *("同上", "(同上)", "同上行", "同上一行", "同上格", "与上同", "同前", "〃", "〃〃", "-〃-"),
    *('"', '""', "''", "′′", "”", "“", "ditto", "(ditto)", "do.", "asabove", "sameasabove"),
}
_SHARED = {
    *("building", "unit", "entrance", "address", "household", "phone", "kind", "groups"),
    *("valid_from", "valid_until", "guardian", "locale", "note", "state"),
}


def is_ditto(cell: Cell) -> bool:
    """Whether a cell says that it holds what the one above holds."""
    return cell.form is Form.TEXT and len(cell.text) < 20 and compact(cell.text) in _SAID


def written_out(layout: Layout, rows: Sequence[Row]) -> tuple[list[Row], int]:
    """``rows``, some of the layout's, with what their cells stand for, and how many did.

    What cannot be taken over stays as it is.
    """
    shared = [column.index for column in layout.columns if column.field in _SHARED]
    wanted = {row.number for row in rows}
    read: list[Row] = []
    count = 0
    above: dict[int, Cell] = {}
    sheet = -1
    for row in layout.rows:
        if sheet_of(row.number) != sheet:
            above, sheet = {}, sheet_of(row.number)
        meant = {
            index: above[index]
            for index in shared
            if index in above and (cell := row.cells.get(index)) is not None and is_ditto(cell)
        }
        now = replace(row, cells={**row.cells, **meant}) if meant else row
        above = {
            index: cell
            for index in shared
            if (cell := now.cells.get(index)) is not None and not is_ditto(cell)
        }
        if row.number in wanted:
            read.append(now)
            count += len(meant)
    return read, count
