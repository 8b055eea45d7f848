"""Several tables on one sheet, below or beside each other: each is made a sheet of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from gate.importing.book import Cell, Form, Row, Sheet, letters
from gate.importing.guesses import guess_of
from gate.importing.headings import column_of, heading_key, is_unneeded

_NAME = re.compile("名|姓|name|person|户|主|人", re.IGNORECASE)
_MOST = 50  # tables of one sheet


def split(sheet: Sheet) -> list[Sheet]:
    """The tables of a sheet, named as ``people!A5``; the sheet itself when it holds one.

    Headings repeated on each printed page, over the same columns, begin no other table.
    """
    starts = [at for at, row in enumerate(sheet.rows) if _is_head(row)][: _MOST * 20]
    if not starts:
        return [sheet]
    cuts = [0]
    current = _fields(sheet.rows[starts[0]])
    for at in starts[1:]:
        fields, upper = _fields(sheet.rows[at]), sheet.rows[at - 1]
        # headings over two lines, of which some are merged downwards
        lower = at - 1 in starts and sheet.rows[at].filled and upper.spans
        if fields != current and not lower:
            cuts.append(at)
        current = fields
    below = [sheet.rows[a:b] for a, b in zip(cuts, [*cuts[1:], len(sheet.rows)], strict=True)]
    parts = [part for rows in below[:_MOST] for part in _beside(rows)]
    if len(parts) == 1:
        return [sheet]
    return [
        Sheet(_named(sheet, column, rows), rows, sheet.hidden, sheet.hidden_columns)
        for column, rows in parts
    ]


def _named(sheet: Sheet, column: int, rows: list[Row]) -> str:
    number = next((row.number for row in rows if _is_head(row)), rows[0].number)
    return f"{sheet.name}!{letters(column)}{number}"


def _beside(rows: list[Row]) -> list[tuple[int, list[Row]]]:
    """First column and rows of each table of those that lie side by side with equal headings."""
    head = next((row for row in rows if _is_head(row)), None)
    if head is None:
        return [(0, rows)]
    words = {column: heading_key(cell.text) for column, cell in sorted(head.cells.items())}
    first = min(words)
    starts = [column for column, word in words.items() if word == words[first]]
    ends = [*starts[1:], max(words) + 1]
    shapes = {
        tuple(word for column, word in words.items() if start <= column < end)
        for start, end in zip(starts, ends, strict=True)
    }
    if len(starts) < 2 or len(shapes) != 1 or "name" not in _fields(head).values():
        return [(0, rows)]
    return [
        (start, [_cut(row, start, end) for row in rows if any(start <= c < end for c in row.cells)])
        for start, end in zip(starts, ends, strict=True)
    ]


def _cut(row: Row, start: int, end: int) -> Row:
    return replace(row, cells={c: cell for c, cell in row.cells.items() if start <= c < end})


def _fields(row: Row) -> dict[int, str]:
    found = {column: _field(cell.text) for column, cell in row.cells.items()}
    return {column: field for column, field in found.items() if field}


@lru_cache(maxsize=1 << 15)
def _field(text: str) -> str:
    return column_of(text) or guess_of(text) or ("-" if is_unneeded(text) else "")


def _may_name(cell: Cell) -> bool:
    """A quick look, since every row of a table is looked at."""
    return bool(_NAME.search(cell.text))


def _is_head(row: Row) -> bool:
    """Whether a row holds headings: most of its cells, one of them the name."""
    own = [cell for column, cell in row.cells.items() if column not in row.filled]
    if not 2 <= len(own) <= 300 or any(cell.form is not Form.TEXT for cell in own):
        return False
    if any(len(cell.text) > 40 for cell in own) or not any(map(_may_name, own)):
        return False
    fields = [_field(cell.text) for cell in own]
    return "name" in fields and 2 * sum(bool(field) for field in fields) > len(own)
