"""Web pages named .xls, as many programs of property managers export their tables."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from gate.importing.book import Book, Budget, Cell, Row, Sheet, fill_merged
from gate.importing.package import natural

_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*collapse", re.IGNORECASE)
_DEEPEST = 20  # tables in each other
_FEW = 5  # columns and lines in which an unseen cell counts as one, as in headings over others


def read_html(text: str, where: str) -> Book:
    """Each table as a sheet. Raises ConfigurationError."""
    reader = _Reader(Budget(where))
    reader.feed(text)
    reader.close()
    return Book(tuple(_joined(reader.tables)), "html")


class _Table:
    """One table while it is read."""

    def __init__(self, name: str, budget: Budget) -> None:
        self.sheet = Sheet(name)
        self.merged: list[tuple[int, int, int, int]] = []
        self._budget = budget
        self._column = self._number = 0
        self._row: Row | None = None
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._covered: dict[int, int] = {}  # column → last row that a cell above reaches to
        self._beside = 0  # columns of this row that the cell before reaches over, not yet passed
        self._shown: set[int] = set()  # columns with a cell that is seen
        self._hidden: set[int] = set()  # columns with a cell that is not
        self._unseen: dict[int, int] = {}  # those of this row → the last row it reaches to
        self._sets: dict[frozenset[int], frozenset[int]] = {}  # each of rows that are alike once

    @property
    def lays_out(self) -> bool:
        """Whether it holds no more than the content of a cell of the table it is in."""
        return len(self.sheet.rows) < 2 or all(len(row.cells) < 2 for row in self.sheet.rows)

    @property
    def words(self) -> str:
        return " ".join(cell.text for row in self.sheet.rows for cell in row.cells.values())

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "col":
            count = natural(attributes.get("span", "")) or 1
            if _is_hidden(attributes):
                self.sheet.hide(self._column, count)
            self._column += count
        elif tag == "tr":
            self.end_row()
            self._number += 1
            self._row, self._column = Row(self._number, {}, _is_hidden(attributes)), 0
            self._beside = 0
        elif tag in ("td", "th") and self._row is not None:
            self.end_cell()
            unseen = _is_hidden(attributes)
            if unseen and self._merged_away():
                return
            while self._covered.get(self._column, 0) >= self._number:
                self._column += 1
            down = natural(attributes.get("rowspan", "")) or 1
            across = natural(attributes.get("colspan", "")) or 1
            self._span, self._text = (min(down, 100_000), min(across, 1000)), []
            self._beside = 0 if unseen else self._span[1] - 1
            if unseen:
                last = self._number + min(down, _FEW) - 1
                columns = range(self._column, self._column + min(across, _FEW))
                self._unseen.update(dict.fromkeys(columns, last))
                self._hidden.update(columns)
            else:
                self._shown.add(self._column)
        elif tag == "br":
            self.add("\n")

    def _merged_away(self) -> bool:
        """Whether a cell that is not seen lies under the one above or before it, which reaches over
        it: so pages merge cells. It takes no place of its own."""
        if self._beside:
            self._beside -= 1
            return True
        if self._covered.get(self._column, 0) >= self._number:
            self._column += 1
            return True
        return False

    def add(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end_cell(self) -> None:
        if self._text is None or self._row is None:
            return
        text, (down, across) = "".join(self._text).strip(), self._span
        self._text = None
        if text:
            self._budget.take()
            self._row.cells[self._column] = Cell(text)
        if down > 1 or across > 1:
            bottom, right = self._number + down - 1, self._column + across - 1
            self.merged.append((self._number, self._column, bottom, right))
            for column in range(self._column, self._column + across):
                self._covered[column] = bottom
        self._column += across

    def end_row(self) -> None:
        self.end_cell()
        if self._row is not None and self._row.cells:
            unseen = frozenset(self._unseen)
            self._row.unseen = self._sets.setdefault(unseen, unseen)
            self.sheet.rows.append(self._row)
        self._unseen = {c: last for c, last in self._unseen.items() if last > self._number}
        self._row = None

    def end(self) -> None:
        """A column is hidden where none of its cells is seen; see ``hide`` for its heading."""
        self.end_row()
        for column in self._hidden - self._shown:
            self.sheet.hide(column)


class _Reader(HTMLParser):
    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.tables: list[_Table] = []
        self._budget = budget
        self._open: list[_Table] = []
        self._places: list[int] = []  # of those open, among all
        self._deeper = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" and len(self._open) == _DEEPEST:
            self._deeper += 1
        elif tag == "table":
            self._places.append(len(self.tables))
            self._open.append(_Table(f"{len(self.tables) + 1}", self._budget))
            self.tables.append(self._open[-1])
        elif self._open and not self._deeper:
            self._open[-1].start(tag, {key: value or "" for key, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._deeper:
            self._deeper -= 1
        elif tag == "table" and self._open:
            self._end_table()
        elif self._open and tag in ("td", "th"):
            self._open[-1].end_cell()
        elif self._open and tag == "tr":
            self._open[-1].end_row()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].add(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self._end_table()

    def _end_table(self) -> None:
        table, place = self._open.pop(), self._places.pop()
        table.end()
        if self._open and table.lays_out:
            self._open[-1].add(table.words)
            del self.tables[place]


def _joined(tables: list[_Table]) -> list[Sheet]:
    """The sheets of tables; headings in a table of their own stand over the next one.

    A page keeps them so where they stay in sight while the people are scrolled.
    """
    sheets: list[Sheet] = []
    head: Sheet | None = None
    for table in tables:
        fill_merged(table.sheet, table.merged)
        sheet = table.sheet
        if head is not None and sheet.rows and _width(head) == _width(sheet):
            below = (replace(row, number=row.number + 1) for row in sheet.rows)
            head.rows.extend(below)
            head.hidden_columns |= sheet.hidden_columns
            head = None
            continue
        sheets.append(sheet)
        head = sheet if len(sheet.rows) == 1 and len(sheet.rows[0].cells) > 1 else None
    return [sheet for sheet in sheets if sheet.rows]


def _width(sheet: Sheet) -> int:
    return max(column for row in sheet.rows for column in row.cells)


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Whether a page does not show a row, a column or a cell."""
    return "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style", "")))
