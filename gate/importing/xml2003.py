"""XML spreadsheets of Excel 2003, which many programs of property managers write and name .xls.

Source: Microsoft, XML Spreadsheet Reference (Office 2003).
"""

from __future__ import annotations

from gate.importing.book import (
    MOST_COLUMN,
    MOST_ROW,
    Book,
    Budget,
    Cell,
    Damaged,
    Form,
    Row,
    Sheet,
    fill_merged,
)
from gate.importing.formats import shown
from gate.importing.package import attribute, natural, parse


def read_xml_2003(data: bytes, where: str) -> Book:
    """The sheets of a workbook. Raises ConfigurationError, and many kinds when it is damaged."""
    reader = _Reader(Budget(where))
    parse([data], reader.start, reader.end, reader.text)
    for sheet, merged in zip(reader.sheets, reader.merged, strict=True):
        fill_merged(sheet, merged)
    return Book(tuple(reader.sheets), "xml")


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.sheets: list[Sheet] = []
        self.merged: list[list[tuple[int, int, int, int]]] = []
        self._budget = budget
        self._formats: dict[str, str] = {}
        self._style = ""
        self._row: Row | None = None
        self._number = 0
        self._column = 0
        self._covered: dict[int, int] = {}  # column → last row that a cell above reaches to
        self._cell: dict[str, str] = {}
        self._type = ""
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Style":
            self._style = attribute(attributes, "ID")
        elif tag == "NumberFormat":
            self._formats[self._style] = attribute(attributes, "Format")
        elif tag == "Worksheet":
            self.sheets.append(Sheet(attribute(attributes, "Name")))
            self.merged.append([])
            self._number = self._column = 0
            self._covered = {}
        elif tag == "Column" and self.sheets:
            index = natural(attribute(attributes, "Index"))
            self._column = index - 1 if index else self._column
            count = 1 + (natural(attribute(attributes, "Span")) or 0)
            if _is_hidden(attributes, "Width"):
                self.sheets[-1].hide(self._column, count)
            self._column += count
        elif tag == "Visible" and self.sheets:
            self._text = []
        elif tag == "Row" and self.sheets:
            self._number = natural(attribute(attributes, "Index")) or self._number + 1
            if self._number > MOST_ROW:
                raise Damaged("row")
            self._row = Row(self._number, {}, _is_hidden(attributes, "Height"))
            self._column = 0
        elif tag == "Cell":
            index = natural(attribute(attributes, "Index"))
            if index:
                self._column = index - 1
            while not index and self._covered.get(self._column, 0) >= self._number:
                self._column += 1  # LibreOffice leaves out what a cell above reaches over
            self._cell, self._type, self._text = attributes, "", None
        elif tag == "Data" and self._row is not None:
            self._type, self._text = attribute(attributes, "Type"), []

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if tag == "Data" and self._row is not None:
            cell = self._made("".join(self._text or []))
            self._text = None
            if cell is not None and self._column < MOST_COLUMN:
                self._budget.take()
                self._row.cells[self._column] = cell
        elif tag == "Cell" and self._row is not None:
            self._end_cell(self._row)
        elif tag == "Row" and self._row is not None:
            if self._row.cells:
                self.sheets[-1].rows.append(self._row)
            self._row = None
        elif tag == "Visible" and self.sheets:
            visible = "".join(self._text or [])
            self.sheets[-1].hidden = visible.startswith(("SheetHidden", "SheetVeryHidden"))
            self._text = None

    def _end_cell(self, row: Row) -> None:
        formula = attribute(self._cell, "Formula")
        if formula and self._column not in row.cells and self._type != "String":
            row.cells[self._column] = Cell(formula[:80], Form.UNCOMPUTED)
        across = natural(attribute(self._cell, "MergeAcross")) or 0
        down = natural(attribute(self._cell, "MergeDown")) or 0
        if across or down:
            right = self._column + across
            self.merged[-1].append((row.number, self._column, row.number + down, right))
            for column in range(self._column, min(right + 1, MOST_COLUMN)):
                self._covered[column] = row.number + down
        self._column += 1 + across

    def _made(self, text: str) -> Cell | None:
        if not text.strip():
            return None
        match self._type:
            case "Number":
                return shown(float(text), self._formats.get(attribute(self._cell, "StyleID"), ""))
            case "DateTime":
                return Cell(text.strip()[:10], Form.DATE)
            case "Boolean":
                return Cell("TRUE" if text.strip() == "1" else "FALSE", Form.BOOLEAN)
            case "Error":
                return Cell(text.strip(), Form.ERROR)
        return Cell(text)


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    """Whether a row or a column is not shown: said so, or of no size."""
    return attribute(attributes, "Hidden") == "1" or attribute(attributes, size) == "0"
