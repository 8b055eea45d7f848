"""Lines and columns that a workbook does not show, hidden by hand or by a filter.

Whoever filtered a list sees twenty people and may mean those, so what is not shown is left out
until somebody says otherwise: what is missing can be imported later, and takes nothing from
anybody. It is asked where that would leave nobody, people without a name or half of a home, or
would drop what restricts somebody: that they moved out, their days, their kind, that they refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gate.importing.book import Row, Sheet
from gate.importing.choices import HIDDEN, LEFT_OUT, Choices
from gate.importing.layout import Column, Layout, lay_out
from gate.importing.line_numbers import shown
from gate.importing.question import SHOWN, Question

_NAMES = {"name", "surname", "given_name"}
_RESTRICTING = {"state", "valid_from", "valid_until", "kind", "consent"}
_ASKED = {*_NAMES, "building", "unit", "entrance", "address", *_RESTRICTING}


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a sheet does not show, and what becomes of it.

    Attributes:
        layout: as it is read, without the columns that are left out.
        rows: those that are read.
        lines, columns: what is hidden and would be read.
        lines_answer, columns_answer: "with" or "without"; "" while it has to be asked.
    """

    layout: Layout
    rows: tuple[Row, ...]
    lines: tuple[Row, ...]
    columns: tuple[Column, ...]
    lines_answer: str
    columns_answer: str


def hide(sheet: Sheet, choices: Choices, remembered: Mapping[str, Mapping[int, str]]) -> Hidden:
    """The layout and the rows of a sheet under the choices made; see ``lay_out``."""
    layout = lay_out(sheet, choices.columns, remembered)
    headings = (row.unseen for row in sheet.rows if row.number == layout.line)
    unseen = sheet.hidden_columns.union(*headings)
    by_hand = {*choices.columns, *remembered.get(hidden_key(layout.shape), {})}
    columns = tuple(
        column
        for column in layout.columns
        if column.index in unseen and column.field and column.filled and column.index not in by_hand
    )
    of_columns = choices.hidden_columns
    if not of_columns and not any(column.field in _ASKED for column in columns):
        of_columns = "without"
    if columns and of_columns == "without":
        left = {column.index: LEFT_OUT for column in columns}
        layout = lay_out(sheet, {**left, **choices.columns}, remembered)
        shown = (
            replace(column, reason="hidden") if column.index in left else column
            for column in layout.columns
        )
        layout = replace(layout, columns=tuple(shown))
    layout = replace(layout, hidden_columns=frozenset(unseen))
    lines = tuple(row for row in layout.rows if row.hidden)
    of_lines = choices.hidden or ("without" if len(lines) < len(layout.rows) else "")
    rows = layout.rows
    if of_lines == "without":
        rows = tuple(row for row in rows if not row.hidden)
    return Hidden(layout, rows, lines, columns, of_lines, of_columns)


def hidden_key(shape: str) -> str:
    """Under which it is remembered what hidden columns of a shape were read as, by hand."""
    return f"{shape}~hidden"


def asked(found: Hidden) -> Iterator[Question]:
    """What is hidden as questions, answered or not; their examples are people and headings."""
    if found.lines:
        people = tuple(
            (f"{shown(row.number)} {_name(row, found.layout.columns)}".strip(), ())
            for row in found.lines[:SHOWN]
        )
        yield Question("hidden", HIDDEN, people, len(found.lines), found.lines_answer)
    if found.columns:
        headings = tuple((f"{one.letter} {one.heading}".strip(), ()) for one in found.columns)
        yield Question("hidden_columns", HIDDEN, headings, answer=found.columns_answer)


def _name(row: Row, columns: tuple[Column, ...]) -> str:
    """Who a line is about, as it is written."""
    cells = (row.cells.get(column.index) for column in columns if column.field in _NAMES)
    return " ".join(cell.text.strip() for cell in cells if cell is not None)
