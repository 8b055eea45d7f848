"""Spreadsheets of LibreOffice and WPS in OpenDocument (.ods), whose cells hold what they show.

Repetitions are counted, never laid out: one cell may claim to be there sixteen thousand times.
Source: OASIS OpenDocument 1.3 part 3, 9.
"""

from __future__ import annotations

import zipfile

from gate.importing.book import (
    MOST_COLUMN,
    MOST_ROW,
    Book,
    Budget,
    Cell,
    Form,
    Row,
    Sheet,
    fill_merged,
    locked,
)
from gate.importing.formats import plain
from gate.importing.package import Parts, attribute, natural, parse

MOST_CONTENT = 512 << 20
MOST_REPEATED = 2000  # of a row that holds something
_UNSEEN = ("collapse", "filter")
_WIDEST = 256  # columns a repeated value is laid out over


def read_ods(archive: zipfile.ZipFile, where: str) -> Book:
    """The sheets of a document. Raises ConfigurationError, and many kinds when it is damaged."""
    reader = _Reader(Budget(where))
    parts = Parts(archive, where)
    if b"encryption-data" in b"".join(parts.pieces("META-INF/manifest.xml")):
        raise locked(where)
    parts.parse("content.xml", reader.start, reader.end, reader.text, MOST_CONTENT)
    for sheet, merged in reader.sheets:
        fill_merged(sheet, merged)
    pictures = {}
    for sheet, _ in reader.sheets:
        for row in sheet.rows:
            for cell in row.cells.values():
                if cell.form is Form.PICTURE and (member := parts.member(cell.text[5:])):
                    pictures[cell.text] = member
    return Book(
        tuple(sheet for sheet, _ in reader.sheets), "ods", pictures=pictures, date_system="1900"
    )


def read_flat_ods(data: bytes, where: str) -> Book:
    """The sheets of a document in one XML file (.fods). Raises as ``read_ods``."""
    reader = _Reader(Budget(where))
    parse([data], reader.start, reader.end, reader.text)
    for sheet, merged in reader.sheets:
        fill_merged(sheet, merged)
    return Book(tuple(sheet for sheet, _ in reader.sheets), "ods", date_system="1900")


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.sheets: list[tuple[Sheet, list[tuple[int, int, int, int]]]] = []
        self._budget = budget
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._depth = 0  # of tables inside a cell
        self._row: Row | None = None
        self._number = self._repeat_row = self._column = self._repeat = 0
        self._cell: dict[str, str] | None = None
        self._lines: list[str] = []
        self._inside = self._aside = 0
        self._picture = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style":
            self._style = attribute(attributes, "name")
        elif tag == "table-properties" and attribute(attributes, "display") == "false":
            self._hidden_styles.add(self._style)
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                hidden = attribute(attributes, "style-name") in self._hidden_styles
                self.sheets.append((Sheet(attribute(attributes, "name"), hidden=hidden), []))
                self._number = self._column = 0
        elif self._depth != 1:
            return
        elif tag == "table-column":
            count = natural(attribute(attributes, "number-columns-repeated")) or 1
            if attribute(attributes, "visibility") in _UNSEEN:
                self.sheets[-1][0].hide(self._column, count)
            self._column += count
        elif tag == "table-row":
            self._repeat_row = natural(attribute(attributes, "number-rows-repeated")) or 1
            hidden = attribute(attributes, "visibility") in _UNSEEN
            self._row = Row(self._number + 1, {}, hidden)
            self._column = 0
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell, self._lines, self._picture = attributes, [], ""
            self._repeat = natural(attribute(attributes, "number-columns-repeated")) or 1
        elif tag == "annotation":  # a comment is not the cell
            self._aside += 1
        elif self._aside:
            return
        elif tag == "p":
            self._lines.append("")
            self._inside += 1
        elif tag in ("s", "tab", "line-break") and self._inside and self._lines:
            blanks = natural(attribute(attributes, "c")) or 1
            filler = " " * min(blanks, 100) if tag == "s" else "\t" if tag == "tab" else "\n"
            self._lines[-1] += filler
        elif tag == "image" and self._cell is not None and not self._picture:
            self._picture = attribute(attributes, "href")

    def text(self, text: str) -> None:
        if self._inside and self._lines and not self._aside:
            self._lines[-1] += text

    def end(self, tag: str) -> None:
        if tag == "table":
            self._depth -= 1
        elif self._depth != 1:
            return
        elif tag == "annotation":
            self._aside -= 1
        elif tag == "p" and not self._aside:
            self._inside = max(0, self._inside - 1)
        elif tag in ("table-cell", "covered-table-cell"):
            self._end_cell(covered=tag != "table-cell")
        elif tag == "table-row" and self._row is not None:
            self._end_row(self._row)

    def _end_cell(self, *, covered: bool) -> None:
        attributes, self._cell = self._cell or {}, None
        cell = None if covered else self._made(attributes)
        if cell is not None and self._row is not None:
            for column in range(self._column, self._column + min(self._repeat, _WIDEST)):
                if column < MOST_COLUMN:
                    self._budget.take()
                    self._row.cells[column] = cell
            down = natural(attribute(attributes, "number-rows-spanned")) or 1
            across = natural(attribute(attributes, "number-columns-spanned")) or 1
            if down > 1 or across > 1:
                self.sheets[-1][1].append(
                    (
                        self._row.number,
                        self._column,
                        self._row.number + down - 1,
                        self._column + across - 1,
                    )
                )
        self._column += self._repeat

    def _end_row(self, row: Row) -> None:
        self._row = None
        if row.cells:
            sheet = self.sheets[-1][0]
            times = min(self._repeat_row, MOST_REPEATED)
            self._budget.take(len(row.cells) * (times - 1))
            for number in range(row.number, row.number + times):
                if number <= MOST_ROW:
                    sheet.rows.append(Row(number, dict(row.cells), row.hidden))
        self._number += self._repeat_row

    def _made(self, attributes: dict[str, str]) -> Cell | None:
        if self._picture:
            return Cell(f"cell:{self._picture}", Form.PICTURE)
        text = "\n".join(self._lines)
        kind = attribute(attributes, "value-type")
        formula = attribute(attributes, "formula")
        if formula and not kind and not text:
            return Cell(formula[:80], Form.UNCOMPUTED)
        if text.startswith(("#", "Err:")) and formula:
            return Cell(text, Form.ERROR)
        if kind == "date":
            return Cell(attribute(attributes, "date-value")[:10], Form.DATE)
        if kind == "boolean":
            return Cell(attribute(attributes, "boolean-value").upper(), Form.BOOLEAN)
        if kind in ("float", "percentage", "currency"):
            return _number(text, attribute(attributes, "value"))
        return Cell(text) if text.strip() else None


def _number(text: str, value: str) -> Cell:
    number = float(value)
    if text.isascii() and text.isdigit() and text.startswith("0") and len(text) > 1:
        return Cell(text, Form.TEXT, number)  # a format gives it leading zeros
    return Cell(plain(number), Form.NUMBER, number)
