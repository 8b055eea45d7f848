"""Workbooks (.xlsx) read cell by cell, whatever size a sheet claims and whoever wrote it.

Why not a library: python-calamine gives neither number formats nor error cells nor formulas
without a value; openpyxl refuses workbooks for their styles and forgets merged cells when it reads
row by row (``python -m benchmarks.table_readers`` compares them; see docs/importing.md). Namespaces
and prefixes are ignored, so the strict form and that of other programs is read alike.
Source: ECMA-376 part 1.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from xml.parsers import expat

from gate.importing.book import (
    MOST_COLUMN,
    MOST_LINES,
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
from gate.importing.formats import GENERAL, built_in, shown
from gate.importing.package import Parts, attribute, natural
from gate.importing.pictures import EMBEDDED, cell_pictures, sheet_pictures

MOST_SHEET = 512 << 20  # bytes of a sheet, which is read in pieces
MOST_STRINGS = 1_000_000
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_SIZE = re.compile(r"0+(?:\.0*)?")
_DISPIMG = re.compile(r'DISPIMG\(\s*"([^"]+)"', re.IGNORECASE)


def read_xlsx(archive: zipfile.ZipFile, where: str) -> Book:
    """The sheets of a workbook. Raises ConfigurationError, and many kinds when it is damaged."""
    parts = Parts(archive, where)
    workbook = _workbook(parts)
    sheets, since_1904 = _sheets(parts, workbook)
    relations = parts.related(workbook)
    by_kind = dict(relations.values())
    strings = _strings(parts, by_kind.get("sharedStrings", ""))
    styles = _styles(parts, by_kind.get("styles", ""))
    named, rich = cell_pictures(parts, relations)
    budget = Budget(where)
    read: list[Sheet] = []
    pictures = dict(named)
    for name, relation, hidden in sheets:
        kind, target = relations.get(relation, ("", ""))
        if kind != "worksheet":
            continue
        reader = _SheetReader(name, hidden, strings, styles, since_1904, rich, budget)
        parts.parse(target, reader.start, reader.end, reader.text, MOST_SHEET)
        fill_merged(reader.sheet, reader.merged)
        pictures |= sheet_pictures(parts, target, reader.sheet, len(read))
        read.append(reader.sheet)
    system = "1904" if since_1904 else "1900"
    return Book(tuple(read), "xlsx", pictures=pictures, date_system=system)


class _SheetReader:
    """Handlers for one sheet; ``sheet`` and ``merged`` are ready when it is parsed."""

    def __init__(
        self,
        name: str,
        hidden: bool,
        strings: list[Cell],
        styles: list[str],
        since_1904: bool,
        rich: list[str],
        budget: Budget,
    ) -> None:
        self.sheet = Sheet(name, hidden=hidden)
        self.merged: list[tuple[int, int, int, int]] = []
        self._strings, self._styles, self._rich = strings, styles, rich
        self._since_1904, self._budget = since_1904, budget
        self._row: Row | None = None
        self._number = 0
        self._column = -1
        self._attributes: dict[str, str] = {}
        self._kept: list[str] = []
        self._value: list[str] = []
        self._formula: list[str] = []
        self._is_formula = False
        self._phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = natural(attributes.get("r", "")) or self._number + 1
            if number > MOST_ROW:
                raise Damaged("row")
            self._number, self._column = number, -1
            self._row = Row(number, {}, _is_hidden(attributes, "ht"))
        elif tag == "col" and _is_hidden(attributes, "width"):
            first = natural(attributes.get("min", "")) or 1
            last = natural(attributes.get("max", "")) or first
            self.sheet.hide(first - 1, last - first + 1)
        elif tag == "c":
            place = _place(attributes.get("r", ""))
            self._column = place[1] if place else self._column + 1
            self._attributes = attributes
            self._value, self._formula, self._is_formula = [], [], False
        elif tag in ("v", "t"):
            self._kept = self._value if not self._phonetic else []
        elif tag == "f":
            self._kept, self._is_formula = self._formula, True
        elif tag == "rPh":
            self._phonetic = True
        elif tag == "mergeCell" and len(self.merged) < MOST_LINES:
            ends = [_place(part) for part in attributes.get("ref", "").split(":")]
            if len(ends) == 2 and ends[0] and ends[1]:
                self.merged.append((*ends[0], *ends[1]))

    def text(self, text: str) -> None:
        self._kept.append(text)

    def end(self, tag: str) -> None:
        if tag in ("v", "t", "f"):
            self._kept = []
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "c" and self._row is not None:
            cell = self._cell()
            if cell is not None and 0 <= self._column < MOST_COLUMN:
                self._budget.take()
                self._row.cells[self._column] = cell
        elif tag == "row" and self._row is not None:
            if self._row.cells:
                self.sheet.rows.append(self._row)
            self._row = None

    def _cell(self) -> Cell | None:
        value, kind = "".join(self._value), self._attributes.get("t", "n")
        formula = "".join(self._formula)
        if self._is_formula and (picture := _DISPIMG.search(formula)):
            return Cell(EMBEDDED + picture[1], Form.PICTURE)
        rich = natural(self._attributes.get("vm", ""))
        if rich and rich <= len(self._rich) and self._rich[rich - 1]:
            return Cell(self._rich[rich - 1], Form.PICTURE)
        if not value.strip():
            if self._is_formula and kind != "str":
                return Cell(f"={formula}"[:80], Form.UNCOMPUTED)
            return None
        if kind == "s":
            index = natural(value) or 0
            found = self._strings[index]
            return found if found.text else None
        if kind == "inlineStr":
            return Cell(unescaped(value))
        if kind == "str":
            picture = _DISPIMG.search(value)
            return Cell(EMBEDDED + picture[1], Form.PICTURE) if picture else Cell(unescaped(value))
        if kind == "e":
            return Cell(value.strip(), Form.ERROR)
        if kind == "b":
            return Cell("TRUE" if value.strip() in ("1", "true") else "FALSE", Form.BOOLEAN)
        if kind == "d":
            return Cell(value.strip()[:10], Form.DATE)
        style = natural(self._attributes.get("s", "")) or 0
        form = self._styles[style] if style < len(self._styles) else GENERAL
        return shown(float(value), form, since_1904=self._since_1904)


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    """Whether a row or a column is not shown: said so, or of no size."""
    return attributes.get("hidden") in ("1", "true") or bool(
        _NO_SIZE.fullmatch(attributes.get(size, ""))
    )


def unescaped(text: str) -> str:
    """Text without the _x000D_ by which a workbook writes what XML cannot hold."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _workbook(parts: Parts) -> str:
    for kind, target in parts.related("").values():
        if kind == "officeDocument" and parts.member(target):
            return target
    if parts.member("xl/workbook.xml"):
        return "xl/workbook.xml"
    raise Damaged("no workbook in it")


def _sheets(parts: Parts, workbook: str) -> tuple[list[tuple[str, str, bool]], bool]:
    sheets: list[tuple[str, str, bool]] = []
    since_1904 = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal since_1904
        if tag == "workbookPr":
            since_1904 = attributes.get("date1904") in ("1", "true")
        if tag == "sheet":
            relation = attribute(attributes, "id")
            hidden = attributes.get("state", "visible") != "visible"
            sheets.append((attributes.get("name", ""), relation, hidden))

    parts.parse(workbook, start)
    return sheets[:200], since_1904


def _strings(parts: Parts, name: str) -> list[Cell]:
    strings: list[Cell] = []
    kept: list[str] = []
    inside = phonetic = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal inside, phonetic
        if tag == "si":
            kept.clear()
        inside, phonetic = tag == "t", phonetic or tag == "rPh"

    def end(tag: str) -> None:
        nonlocal inside, phonetic
        inside = False
        if tag == "rPh":
            phonetic = False
        if tag == "si":
            strings.append(Cell(unescaped("".join(kept))))
            if len(strings) > MOST_STRINGS:
                raise Damaged("too many strings")

    def text(text: str) -> None:
        if inside and not phonetic:
            kept.append(text)

    if name:
        parts.parse(name, start, end, text)
    return strings


def _styles(parts: Parts, name: str) -> list[str]:
    """The number format of each cell style. What is wrong with fills and fonts is no matter."""
    formats: dict[int, str] = {}
    styles: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag == "numFmt":
            number = natural(attributes.get("numFmtId", ""))
            formats[number or 0] = attributes.get("formatCode", GENERAL)
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            number = natural(attributes.get("numFmtId", "")) or 0
            styles.append(formats.get(number) or built_in(number))

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag != "cellXfs"

    if name:
        with suppress(expat.ExpatError):  # numbers without formats are better than no table
            parts.parse(name, start, end)
    return styles


def _place(reference: str) -> tuple[int, int] | None:
    """Row from 1 and column from 0 of a reference like D12 or $D$12."""
    found = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})", reference)
    if not found:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column - 1
