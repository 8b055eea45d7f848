"""A table of people from CSV or Excel, with its headings in English or Chinese."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook  # type: ignore[import-untyped]

from gate.errors import ConfigurationError

MOST_LINES = 100_000
MOST_BYTES = 200 << 20  # of a table, unpacked

# column → headings that mean it, English ones first, the Chinese one last
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "姓名"),
    "number": ("number", "编号"),
    "kind": ("kind", "类别"),
    "building": ("building", "楼栋"),
    "unit": ("unit", "房号"),
    "household": ("household", "户"),
    "birth_year": ("birth year", "birth_year", "出生年份"),
    "phone": ("phone", "电话"),
    "valid_from": ("valid from", "valid_from", "起始日期"),
    "valid_until": ("valid until", "valid_until", "截止日期"),
    "groups": ("groups", "分组"),
    "note": ("note", "备注"),
    "locale": ("language", "locale", "语言"),
    "card": ("card", "卡号"),
    "consent": ("consent", "同意"),
    "consent_text": ("consent text", "consent_text", "同意书版本"),
    "guardian": ("guardian", "监护人"),
    "photo": ("photo", "photos", "照片"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the table. ``number`` is the line as the spreadsheet shows it, from 2."""

    number: int
    values: dict[str, str]


def read_table(path: Path) -> list[Line]:
    """The lines of a .csv or .xlsx file; empty ones are left out. Raises ConfigurationError."""
    try:
        rows = list(_excel(path) if path.suffix.lower() == ".xlsx" else _csv(path))
    except ConfigurationError:
        raise
    except Exception as error:  # openpyxl and csv raise many kinds for a damaged file
        raise ConfigurationError(
            "The table cannot be read",
            where=path.name,
            mend="save it as CSV (UTF-8) or as an Excel workbook (.xlsx)",
        ) from error
    return _lines(rows, path.name)


def _csv(path: Path) -> Iterator[list[str]]:
    if path.stat().st_size > MOST_BYTES:
        raise ConfigurationError(
            "The table is larger than 200 MB", where=path.name, mend="split it"
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")  # what Excel writes on a Chinese system
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _excel(path: Path) -> Iterator[list[str]]:
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MOST_BYTES:
            raise ConfigurationError(
                "The workbook unpacks to more than 200 MB", where=path.name, mend="split it"
            )
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        for row in book.worksheets[0].iter_rows(max_row=MOST_LINES + 2, values_only=True):
            yield [_cell(value) for value in row]
    finally:
        book.close()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _as_typed(cell: str) -> str:
    """Without the mark an export puts before what a spreadsheet would run as a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _lines(rows: Iterable[list[str]], name: str) -> list[Line]:
    known = {heading: column for column, names in HEADINGS.items() for heading in names}
    columns: list[str] | None = None
    lines = []
    for number, row in enumerate(rows, start=1):
        if columns is None:
            columns = [known.get(cell.strip().lower(), "") for cell in row]
            _check_headings(columns, [cell.strip() for cell in row], name)
            continue
        values = {
            column: _as_typed(cell) for column, cell in zip(columns, row, strict=False) if column
        }
        if any(values.values()):
            lines.append(Line(number, {key: value for key, value in values.items() if value}))
    if not lines or len(lines) > MOST_LINES:
        raise ConfigurationError(
            f"The table has {len(lines)} people", where=name, mend="1 to 100,000 can be imported"
        )
    return lines


def _check_headings(columns: list[str], cells: list[str], name: str) -> None:
    unknown = [cell for cell, column in zip(cells, columns, strict=True) if cell and not column]
    if unknown or "name" not in columns:
        raise ConfigurationError(
            f"These headings are not known: {', '.join(unknown)[:200]}"
            if unknown
            else "There is no column for the name",
            where=f"{name}, line 1",
            mend="known: " + ", ".join(names[0] for names in HEADINGS.values()),
        )
