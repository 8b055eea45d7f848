"""One register written down in the ways of four programs is read as the same register."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

from gate.importing.names import mistake
from gate.importing.table import open_table
from tests.effort import examples

COLUMNS = ("name", "number", "kind", "building", "unit", "phone", "valid_until", "card", "consent")
HEADS = ("姓名*", "编号", "人员类型", "楼栋", "房号", "手机号", "有效期至", "卡号", "是否同意")
WORDS = {"tenant": "租户", "resident": "业主", "agreed": "√", "refused": "不同意"}
# hypothesis draws words of the program itself as well, such as those for an empty flat
letters = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
names = st.builds("王{}".format, st.text(letters, min_size=1, max_size=3)).filter(
    lambda text: not mistake(text)
)
digits = st.from_regex("[0-9]{3,6}", fullmatch=True)


@st.composite
def person(draw):
    values = {
        "name": draw(names),
        "number": draw(digits),
        "kind": draw(st.sampled_from(["tenant", "resident"])),
        "building": draw(st.sampled_from(["1栋", "2栋", "12栋"])),
        "unit": draw(st.from_regex("[1-9][0-9]0[1-4]", fullmatch=True)),
        "phone": draw(st.from_regex("1[3-9][0-9]{9}", fullmatch=True)),
        "card": f"{draw(st.integers(1, 2**32 - 2)):010d}",
        "consent": draw(st.sampled_from(["agreed", "refused"])),
    }
    if values["kind"] == "tenant":
        values["valid_until"] = draw(st.dates(date(2020, 1, 1), date(2099, 12, 31))).isoformat()
    return values


def cells(values):
    return [WORDS.get(values.get(column, ""), values.get(column, "")) for column in COLUMNS]


def saved(book) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def filled(people, first: int, sheet) -> None:
    """Headings and people from line ``first`` on: numbers with formats, days as days."""
    for index, head in enumerate(HEADS, start=1):
        sheet.cell(first, index, head)
    for line, values in enumerate(people, start=first + 1):
        for index, text in enumerate(cells(values), start=1):
            cell, column = sheet.cell(line, index, text or None), COLUMNS[index - 1]
            if column == "valid_until" and text:
                cell.value, cell.number_format = date.fromisoformat(text), "yyyy/m/d"
            elif column == "card":
                cell.value, cell.number_format = int(text), "0000000000"
            elif column == "phone":
                cell.value = int(text)


def excel(people) -> bytes:
    """A table with a filter, column widths, days as numbers with a format of the system."""
    book = Workbook()
    filled(people, 1, book.active)
    book.active.auto_filter.ref = f"A1:{get_column_letter(len(HEADS))}{len(people) + 1}"
    for row in book.active.iter_rows(min_row=2, min_col=7, max_col=7):
        row[0].number_format = "[$-804]yyyy\\年m\\月d\\日;@"
    return saved(book)


def wps(people) -> bytes:
    """A title over all columns, neighbours' buildings merged, a dimension of A1, an empty fill."""
    book = Workbook()
    sheet = book.active
    sheet.cell(1, 1, "花园小区人员信息登记表")
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(HEADS))
    filled(people, 2, sheet)
    start = 0
    for index in range(1, len(people) + 1):
        if index == len(people) or people[index]["building"] != people[start]["building"]:
            if index - start > 1:
                sheet.merge_cells(
                    start_row=start + 3, end_row=index + 2, start_column=4, end_column=4
                )
            start = index
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                head, _, rest = part.partition(b"<dimension ")
                part = head + b'<dimension ref="A1"/>' + rest.partition(b"/>")[2]
            if name == "xl/styles.xml":
                part = part.replace(b"<fill><patternFill />", b"<fill/><fill><patternFill />")
            new.writestr(name, part)
    return out.getvalue()


def libreoffice(people) -> bytes:
    """OpenDocument: equal neighbours as repetitions, a million empty lines and columns behind."""

    def cell(column, text, times):
        repeated = f' table:number-columns-repeated="{times}"' if times > 1 else ""
        if not text:
            return f"<table:table-cell{repeated}/>"
        kind = 'office:value-type="string"'
        if column == "valid_until":
            kind = f'office:value-type="date" office:date-value={quoteattr(text)}'
            text = date.fromisoformat(text).strftime("%d.%m.%y")
        elif column in ("phone", "card"):
            kind = f'office:value-type="float" office:value="{int(text)}"'
        return (
            f"<table:table-cell {kind}{repeated}><text:p>{escape(text)}</text:p></table:table-cell>"
        )

    def line(row):
        made, at = [], 0
        while at < len(row):
            times = 1
            same = COLUMNS[at] not in ("phone", "card", "valid_until")
            while same and at + times < len(row) and row[at + times] == row[at]:
                if COLUMNS[at + times] in ("phone", "card", "valid_until"):
                    break
                times += 1
            made.append(cell(COLUMNS[at], row[at], times))
            at += times
        made.append('<table:table-cell table:number-columns-repeated="16375"/>')
        return f"<table:table-row>{''.join(made)}</table:table-row>"

    heads = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{head}</text:p></table:table-cell>'
        for head in HEADS
    )
    spaces = "".join(f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "text"))
    lines = "".join(line(cells(values)) for values in people)
    content = (
        f"<office:document-content{spaces}><office:body><office:spreadsheet><table:table "
        f'table:name="表1"><table:table-row>{heads}</table:table-row>{lines}'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", content)
    return out.getvalue()


def numbers(people) -> bytes:
    """The table's name above it, a second sheet that explains the export, coloured headings."""
    book = Workbook()
    notes = book.active
    notes.title = "Export Summary"
    notes["B3"] = "This document was exported from Numbers."
    sheet = book.create_sheet("Sheet 1 - 表格 1")
    sheet.cell(1, 1, "表格 1")
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(HEADS))
    filled(people, 2, sheet)
    for cell in sheet[2]:
        cell.fill = PatternFill("solid", fgColor="BDC0BF")
    return saved(book)


WAYS: dict[str, Callable] = {
    "excel": excel,
    "wps": wps,
    "libreoffice": libreoffice,
    "numbers": numbers,
}


@pytest.mark.parametrize("way", WAYS)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(people=st.lists(person(), min_size=1, max_size=8))
@pytest.mark.slow
def test_the_same_register_whichever_program_wrote_it(way, people):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people"
        path.write_bytes(WAYS[way](people))
        table = open_table(path)
    assert table.open == table.wrong == ()
    assert table.skipped == ()
    assert [line.values for line in table.lines] == people
