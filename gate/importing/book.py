"""What any table file is read into: sheets of sparse rows of cells, as a spreadsheet shows them.

Rows are sparse, so what a file claims about its size costs nothing: only cells that hold
something are kept, and of those a limited number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gate.errors import ConfigurationError

MOST_LINES = 100_000
MOST_CELLS = 1_500_000  # of one file: about 250 MB
MOST_ROW = 1_100_000  # row numbers, as in a workbook
MOST_COLUMN = 16_384


class Damaged(Exception):
    """A file that is not what it says it is."""


def locked(where: str) -> ConfigurationError:
    """The refusal of a file that only its password opens."""
    return ConfigurationError(
        "the workbook is protected by a password",
        where=where,
        hint="open it, remove the password or the workbook protection, and save it as .xlsx",
    )


class Form(StrEnum):
    """What a cell is."""

    TEXT = "text"
    NUMBER = "number"  # without a format that gives it leading zeros
    DATE = "date"  # ``text`` is ISO 8601: 2026-11-23
    BOOLEAN = "boolean"  # ``text`` is TRUE or FALSE
    ERROR = "error"  # ``text`` is #N/A, #REF! ...
    UNCOMPUTED = "uncomputed"  # a formula whose value is not in the file
    PICTURE = "picture"  # ``text`` is the name of a picture of the book
    UNCLEAR = "unclear"  # beside two people, and it is not said whose it is


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that holds something: its text as shown, and what it is.

    Attributes:
        number: the stored number where there is one.
    """

    text: str
    form: Form = Form.TEXT
    number: float | None = None


@dataclass(slots=True)
class Row:
    """``number`` as the spreadsheet shows it, from 1; ``cells`` by column, from 0.

    Attributes:
        hidden: not shown, by hand or by a filter.
        spans: columns whose value lies over several columns (a title, a section).
        filled: columns whose value is that of a merged cell begun in a row above.
        unseen: columns whose cell in this row a web page does not show.
        place: building and entrance that its sheet says, where several sheets are read as one;
            None where none is said there, and always where one sheet is read.
    """

    number: int
    cells: dict[int, Cell]
    hidden: bool = False
    spans: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()
    place: tuple[str, str] | None = None


@dataclass(slots=True)
class Sheet:
    """One sheet, rows in their order.

    Attributes:
        hidden_columns: those not shown, from 0.
    """

    name: str
    rows: list[Row] = field(default_factory=list)
    hidden: bool = False
    hidden_columns: set[int] = field(default_factory=set)

    def hide(self, first: int, count: int = 1) -> None:
        """Note that columns from ``first`` on, from 0, are not shown."""
        self.hidden_columns.update(range(first, min(first + count, MOST_COLUMN)))


@dataclass(frozen=True, slots=True)
class Book:
    """A file as read.

    Attributes:
        kind: xlsx, xls, ods, csv or html.
        encoding, delimiter: of a text file, as recognised; "" otherwise.
        encodings: others it could be in, the likeliest first.
        pictures: name as in the cells → member of the workbook's ZIP.
        date_system: "1900" or "1904", from which the workbook counts days; "" where it is not said.
    """

    sheets: tuple[Sheet, ...]
    kind: str
    encoding: str = ""
    delimiter: str = ""
    encodings: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    date_system: str = ""


class Budget:
    """Counts the cells of one file. Raises ConfigurationError beyond ``MOST_CELLS``."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._left = MOST_CELLS

    def take(self, cells: int = 1) -> None:
        self._left -= cells
        if self._left < 0:
            raise ConfigurationError(
                "the table has more than 1,500,000 filled cells",
                where=self._where,
                hint="split it, or delete what is not about people",
            )


def letters(index: int) -> str:
    """A, B, … Z, AA, … of a column from 0."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def fill_merged(sheet: Sheet, ranges: list[tuple[int, int, int, int]]) -> None:
    """Give the value of merged cells to every row they cover.

    Args:
        ranges: (first row, first column, last row, last column); rows from 1, columns from 0.

    Only rows that hold something already are filled: a range may claim a million. Beside the
    first column of a range nothing is filled, since a title over five columns is one value.
    """
    if not ranges:
        return
    rows = {row.number: row for row in sheet.rows}
    numbers = sorted(rows)
    spans: dict[int, set[int]] = {}
    filled: dict[int, set[int]] = {}
    for top, left, bottom, right in ranges[:MOST_LINES]:
        source = rows.get(top)
        cell = source.cells.get(left) if source else None
        if cell is None:
            continue
        if right > left:
            spans.setdefault(top, set()).add(left)
        if bottom - top > len(numbers):
            covered = [number for number in numbers if top < number <= bottom]
        else:
            covered = [number for number in range(top + 1, bottom + 1) if number in rows]
        for number in covered:
            if left not in rows[number].cells:
                rows[number].cells[left] = cell
                filled.setdefault(number, set()).add(left)
    for top, columns in spans.items():
        rows[top].spans = frozenset(columns)
    for number, columns in filled.items():
        rows[number].filled = frozenset(columns)
