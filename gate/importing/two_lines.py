"""Headings over two lines that nobody merged: 有效期 over 起 and 止, 楼栋 over an empty cell.

They are made one line of headings, where that gives more columns a meaning than either line alone
does; a line of a person never does, since nobody's name makes 姓名 a longer heading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from gate.importing.book import Cell, Form, Row, Sheet
from gate.importing.guesses import guess_of, is_about_another
from gate.importing.headings import column_of, is_unneeded
from gate.importing.tenants import says_whose

_SEARCHED = 30  # lines from the top, as in the layout
_LONGEST = 20  # characters of a heading


def joined(sheet: Sheet) -> Sheet:
    """The sheet with such headings in the lower of their lines; as it is where there are none.

    Where they are repeated on each printed page, every one of both lines has them.
    """
    searched = sheet.rows[: _SEARCHED + 1]
    best = max((_score(cell.text for cell in row.cells.values()) for row in searched), default=0.0)
    found = -1
    for at, (upper, lower) in enumerate(pairwise(searched)):
        if lower.number != upper.number + 1 or len(upper.cells) < 2 or not _short(upper, lower):
            continue
        score = _score(_both(upper, lower).values())
        if score > max(best, _score(_merged(upper, lower))):
            best, found = score, at
    if found < 0:
        return sheet
    upper, lower = sheet.rows[found : found + 2]
    both = _both(upper, lower, whose=True)
    head = {column: Cell(text) for column, text in both.items()}
    texts = [_texts(upper), _texts(lower)]
    rows = [
        replace(row, cells=head, spans=frozenset(), filled=frozenset())
        if row is lower or (row.number > lower.number and _texts(row) in texts)
        else row
        for row in sheet.rows
        if row is not upper
    ]
    return replace(sheet, rows=rows)


def _texts(row: Row) -> dict[int, str]:
    return {column: cell.text for column, cell in row.cells.items()}


def _short(*rows: Row) -> bool:
    cells = [cell for row in rows for cell in row.cells.values()]
    return all(cell.form is Form.TEXT and len(cell.text) <= _LONGEST for cell in cells)


def _both(upper: Row, lower: Row, *, whose: bool = False) -> dict[int, str]:
    """Column → heading. A text of the upper line is over the empty cells to its right, too.

    ``whose``: where it is about the owner or the tenant, it stays before what the column is.
    """
    found, over = {}, ""
    for column in sorted({*upper.cells, *lower.cells}):
        if column in upper.cells:
            over = upper.cells[column].text
        if column not in lower.cells:
            found[column] = upper.cells[column].text
        elif column in lower.filled:
            found[column] = lower.cells[column].text
        else:
            word = lower.cells[column].text
            found[column] = over + word if whose and says_whose(over) else _joined(over, word)
    return found


def _joined(over: str, word: str) -> str:
    if column_of(over + word) or not column_of(word) or is_about_another(over):
        return over + word
    return word


def _merged(upper: Row, lower: Row) -> list[str]:
    """The headings as they are read without this: of the upper line only what is merged."""
    words, over = [], ""
    for column in sorted({*upper.cells, *lower.cells}):
        if column in upper.cells:
            over = upper.cells[column].text if column in upper.spans else ""
        if column in lower.cells:
            words.append(_joined(over, lower.cells[column].text))
    return words


def _score(words: Iterable[str]) -> float:
    """How many columns have a meaning; the name, which every table has, counts three times."""
    known, rest = set(), 0.0
    for word in words:
        field = column_of(word)
        known |= {field} - {""}
        understood = is_unneeded(word) or is_about_another(word) or bool(guess_of(word))
        rest += 0.5 * (not field and understood)
    return len(known) + 2 * ("name" in known or "surname" in known) + rest
