"""Numbers of lines, unique within an import: of several sheets, or where a line is two people.

One number holds the sheet, from 1 (0: only one is read), which of two people it is, and the line as
the spreadsheet shows it.
"""

from __future__ import annotations

_LINES = 1 << 21  # more than a sheet has
MOST_SHEETS = 500  # so that a number has 31 bits


def numbered(line: int, *, sheet: int = 0, second: bool = False) -> int:
    """The number of a line of the ``sheet``-th sheet; ``second``: of the second person in it.

    ``line`` may be such a number already, of the first sheet.
    """
    return line + _LINES * (2 * sheet + second)


def line_of(number: int) -> int:
    """The line as the spreadsheet shows it."""
    return number % _LINES


def sheet_of(number: int) -> int:
    """The sheet, from 1; 0 where only one is read."""
    return number // _LINES // 2


def shown(number: int) -> str:
    """As people read it: 15, or 2/15 for line 15 of the second sheet."""
    sheet = sheet_of(number)
    return f"{sheet}/{line_of(number)}" if sheet else str(line_of(number))
