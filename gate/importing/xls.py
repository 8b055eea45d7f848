"""Workbooks of Excel 97 to 2003 and of WPS (.xls, .et), read by xlrd with their number formats."""

from __future__ import annotations

import io
from typing import Any

import xlrd  # type: ignore[import-untyped]

from gate.importing.book import Book, Budget, Cell, Damaged, Form, Row, Sheet, fill_merged, locked
from gate.importing.formats import shown

MOST_BYTES = 60 << 20  # xlrd keeps the whole workbook


def read_xls(data: bytes, where: str) -> Book:
    """The sheets of a workbook. Raises ConfigurationError, and many kinds when it is damaged."""
    if len(data) > MOST_BYTES:
        raise Damaged("too large")
    budget = Budget(where)
    try:
        opened = xlrd.open_workbook(
            file_contents=data,
            logfile=io.StringIO(),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):  # also by the protection of its structure alone
            raise locked(where) from error
        raise
    with opened as book:
        sheets = []
        for index in range(min(book.nsheets, 200)):
            sheets.append(_sheet(book, index, budget))
            book.unload_sheet(index)
        system = "1904" if book.datemode else "1900"
        return Book(tuple(sheets), "xls", date_system=system)


def _sheet(book: Any, index: int, budget: Budget) -> Sheet:
    source = book.sheet_by_index(index)
    sheet = Sheet(source.name, hidden=source.visibility != 0)
    for column, info in source.colinfo_map.items():
        if info.hidden or not info.width:
            sheet.hide(column)
    for number in range(source.nrows):
        cells = {}
        for column in range(source.row_len(number)):
            cell = _cell(book, source.cell(number, column))
            if cell is not None:
                budget.take()
                cells[column] = cell
        if cells:
            info = source.rowinfo_map.get(number)
            hidden = info is not None and (info.hidden or not info.height)
            sheet.rows.append(Row(number + 1, cells, bool(hidden)))
    merged = [
        (top + 1, left, bottom, right - 1) for top, bottom, left, right in source.merged_cells
    ]
    fill_merged(sheet, merged)
    return sheet


def _cell(book: Any, cell: Any) -> Cell | None:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return Cell(cell.value) if cell.value.strip() else None
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return Cell(xlrd.error_text_from_code.get(cell.value, "#N/A"), Form.ERROR)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return Cell("TRUE" if cell.value else "FALSE", Form.BOOLEAN)
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return shown(float(cell.value), _format(book, cell), since_1904=bool(book.datemode))
    return None


def _format(book: Any, cell: Any) -> str:
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return "General"
    found = book.format_map.get(book.xf_list[cell.xf_index].format_key)
    return found.format_str if found is not None else "General"
