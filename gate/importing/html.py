"""Web pages named .xls, as many programs of property managers export their tables."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from gate.importing.book import Book, Budget, Cell, Row, Sheet, fill_merged
from gate.importing.package import natural

_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*collapse", re.IGNORECASE)


def read_html(text: str, where: str) -> Book:
    """Each table that is in no other as a sheet. Raises ConfigurationError."""
    reader = _Reader(Budget(where))
    reader.feed(text)
    reader.close()
    for sheet, merged in zip(reader.sheets, reader.merged, strict=True):
        fill_merged(sheet, merged)
    return Book(tuple(sheet for sheet in reader.sheets if sheet.rows), "html")


class _Reader(HTMLParser):
    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self.merged: list[list[tuple[int, int, int, int]]] = []
        self._budget = budget
        self._depth = self._column = self._number = 0
        self._row: Row | None = None
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._covered: dict[int, int] = {}  # column → last row that a cell above reaches to

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.sheets.append(Sheet(f"{len(self.sheets) + 1}"))
                self.merged.append([])
                self._number, self._column, self._covered = 0, 0, {}
        elif self._depth != 1:
            return
        elif tag == "col":
            count = natural(attributes.get("span", "")) or 1
            if _is_hidden(attributes):
                self.sheets[-1].hide(self._column, count)
            self._column += count
        elif tag == "tr":
            self._end_cell()
            self._end_row()
            self._number += 1
            self._row, self._column = Row(self._number, {}, _is_hidden(attributes)), 0
        elif tag in ("td", "th") and self._row is not None:
            self._end_cell()
            unseen = _is_hidden(attributes)
            if unseen and self._covered.get(self._column, 0) >= self._number:
                return  # a page merges cells so: the one above reaches over it
            while self._covered.get(self._column, 0) >= self._number:
                self._column += 1
            down = natural(attributes.get("rowspan", "")) or 1
            across = natural(attributes.get("colspan", "")) or 1
            self._span, self._text = (min(down, 100_000), min(across, 1000)), []
            if unseen:
                self.sheets[-1].hide(self._column, self._span[1])
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._end_cell()
            self._end_row()
            self._depth = max(0, self._depth - 1)
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()
        elif self._depth == 1 and tag == "tr":
            self._end_cell()
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._text is None or self._row is None:
            return
        text, (down, across) = "".join(self._text).strip(), self._span
        self._text = None
        if text:
            self._budget.take()
            self._row.cells[self._column] = Cell(text)
        if down > 1 or across > 1:
            bottom, right = self._number + down - 1, self._column + across - 1
            self.merged[-1].append((self._number, self._column, bottom, right))
            for column in range(self._column, self._column + across):
                self._covered[column] = bottom
        self._column += across

    def _end_row(self) -> None:
        if self._row is not None and self._row.cells:
            self.sheets[-1].rows.append(self._row)
        self._row = None


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Whether a page does not show a row, a column or a cell."""
    return "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style", "")))
