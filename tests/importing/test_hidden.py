"""What a workbook does not show: left out, said, and taken where somebody says so."""

from __future__ import annotations

import re
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from gate.errors import ConfigurationError
from gate.importing.book import Cell, Form, Row, Sheet
from gate.importing.choices import Choices
from gate.importing.read import read_book
from gate.importing.table import open_table, refuse_none
from gate.importing.workbooks import marked

PEOPLE = [
    ("姓名", "编号", "卡号", "备注"),
    ("甲", "1", "0002972728", "a"),
    ("乙", "2", "0002972729", "b"),
    ("丙", "3", "0002972730", "c"),
]
HTML = """<table><col><col><col {column}><tr><th>姓名</th><th>编号</th><th>卡号</th></tr>
<tr><td>甲</td><td>1</td><td>0002972728</td></tr>
<tr {row}><td>乙</td><td>2</td><td>0002972729</td></tr></table>"""
XML_2003 = """<?xml version="1.0"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="住户"><Table>
<Column/>{column}
<Row><Cell><Data ss:Type="String">姓名</Data></Cell><Cell><Data ss:Type="String">编号</Data></Cell>
<Cell><Data ss:Type="String">卡号</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">甲</Data></Cell><Cell><Data ss:Type="String">1</Data></Cell>
<Cell><Data ss:Type="String">0002972728</Data></Cell></Row>
<Row {row}><Cell><Data ss:Type="String">乙</Data></Cell><Cell><Data ss:Type="String">2</Data></Cell>
<Cell><Data ss:Type="String">0002972729</Data></Cell></Row></Table></Worksheet></Workbook>"""
FODS = """<?xml version="1.0"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="住户"><table:table-column table:number-columns-repeated="2"/>
<table:table-column {column}/>
<table:table-row><table:table-cell><text:p>姓名</text:p></table:table-cell>
<table:table-cell><text:p>编号</text:p></table:table-cell>
<table:table-cell><text:p>卡号</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>甲</text:p></table:table-cell>
<table:table-cell><text:p>1</text:p></table:table-cell>
<table:table-cell><text:p>0002972728</text:p></table:table-cell></table:table-row>
<table:table-row {row}><table:table-cell><text:p>乙</text:p></table:table-cell>
<table:table-cell><text:p>2</text:p></table:table-cell>
<table:table-cell><text:p>0002972729</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document>"""


def book(path, lines=(), columns="", sheet=None):
    workbook = Workbook()
    page = workbook.active
    for row in PEOPLE:
        page.append(row)
    for line in lines:
        page.row_dimensions[line].hidden = True
    for letter in columns:
        page.column_dimensions[letter].hidden = True
    if sheet:
        workbook.create_sheet("说明")
        page.title, page.sheet_state = "住户", sheet
    workbook.save(path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.xlsx"


def people(path, **choices):
    return [line.values for line in open_table(path, Choices(**choices)).lines]


def asked(path, **choices):
    return {one.about: one.answer for one in open_table(path, Choices(**choices)).questions}


def test_what_a_filter_hides_is_left_out_until_somebody_says_otherwise(path):
    book(path, lines=(2, 4))
    (question,) = open_table(path).questions
    assert (question.about, question.answer, question.lines) == ("hidden", "without", 2)
    assert [text for text, _ in question.examples] == ["2 甲", "4 丙"]
    assert [one["name"] for one in people(path)] == ["乙"]
    assert [one["name"] for one in people(path, hidden="without")] == ["乙"]
    assert [one["name"] for one in people(path, hidden="with")] == ["甲", "乙", "丙"]


def test_a_table_of_which_every_line_is_hidden_is_asked_about(path):
    book(path, lines=(2, 3, 4))
    assert asked(path) == {"hidden": ""}
    assert people(path, hidden="without") == []
    assert len(people(path, hidden="with")) == 3


def test_a_hidden_column_is_left_out_until_somebody_says_otherwise(path):
    book(path, columns="C")
    (question,) = open_table(path).questions
    assert (question.about, question.answer) == ("hidden_columns", "without")
    assert [text for text, _ in question.examples] == ["C 卡号"]
    column = open_table(path).columns[2]
    assert (column.field, column.reason) == ("", "hidden")
    assert people(path)[0] == {"name": "甲", "number": "1", "note": "a"}
    assert people(path, hidden_columns="with")[0]["card"] == "0002972728"
    assert people(path, columns={2: "card"})[0]["card"] == "0002972728"
    assert asked(path, columns={2: "card"}) == {}


@pytest.mark.parametrize("columns", ["A", "AC"])
def test_a_hidden_column_of_names_is_asked_about(path, columns):
    book(path, columns=columns)
    assert asked(path) == {"hidden_columns": ""}
    assert people(path)[0]["name"] == "甲"
    assert "name" not in people(path, hidden_columns="without")[0]


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("状态", "已搬出"),
        ("生效日期", "2030-01-01"),
        ("截止日期", "2030-01-01"),
        ("类别", "访客"),
        ("同意", "不同意"),
    ],
)
def test_a_hidden_column_that_restricts_somebody_is_asked_about(path, heading, cell):
    workbook = Workbook()
    workbook.active.append(("姓名", "编号", heading))
    workbook.active.append(("甲", "1", cell))
    workbook.active.column_dimensions["C"].hidden = True
    workbook.save(path)
    assert asked(path) == {"hidden_columns": ""}
    assert len(people(path, hidden_columns="with")[0]) == 3


def test_a_hidden_column_of_the_same_is_no_second_one(path):
    workbook = Workbook()
    workbook.active.append(("姓名", "卡号", "卡号"))
    workbook.active.append(("甲", "0002972728", "0002972729"))
    workbook.active.column_dimensions["B"].hidden = True
    workbook.save(path)
    assert asked(path) == {"hidden_columns": "without"}
    assert people(path) == [{"name": "甲", "card": "0002972729"}]


@pytest.mark.parametrize(("letters", "cells"), [("D", ("x",)), ("E", ())])
def test_a_hidden_column_that_is_not_imported_anyway_is_not_asked_about(path, letters, cells):
    workbook = Workbook()
    workbook.active.append(("姓名", "编号", "卡号", "性别", "电话"))
    workbook.active.append(("甲", "1", "0002972728", *cells))
    workbook.active.column_dimensions[letters].hidden = True
    workbook.save(path)
    assert asked(path) == {}


def corrected(path, **choices):
    """The table with its mistakes marked, as it is uploaded again: nothing is answered about it."""
    again = path.with_name("mistakes.xlsx")
    again.write_bytes(marked(open_table(path, Choices(**choices)), (), str, "What is wrong"))
    return again


def test_what_was_hidden_stays_so_in_the_table_with_its_mistakes(path):
    book(path, lines=(3,), columns="C")
    again = corrected(path)
    page = load_workbook(again).active
    assert [line for line, row in page.row_dimensions.items() if row.hidden] == [3]
    assert page.column_dimensions["C"].hidden
    assert people(again) == people(path)


@pytest.mark.parametrize(
    ("choices", "open"),
    [
        ({"hidden": "with", "hidden_columns": "with"}, {}),
        ({"hidden": "with"}, {"hidden_columns": "without"}),
        ({"hidden_columns": "with"}, {"hidden": "without"}),
        ({"columns": {2: "card"}}, {"hidden": "without"}),
        ({"columns": {2: ""}}, {"hidden": "without", "hidden_columns": "without"}),
    ],
)
def test_what_was_to_be_imported_is_seen_in_the_table_with_its_mistakes(path, choices, open):
    book(path, lines=(3,), columns="C")
    again = corrected(path, **choices)
    assert asked(again) == open
    assert people(again) == people(path, **choices)


def test_a_hidden_column_that_is_asked_about_stays_so_in_the_table_with_its_mistakes(path):
    assert asked(corrected(book(path, columns="A"))) == {"hidden_columns": ""}


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_workbook_whose_people_are_on_a_hidden_sheet_says_so(path, state):
    table = open_table(book(path, sheet=state))
    assert table.hidden_sheets == ("住户",)
    with pytest.raises(ConfigurationError, match="every sheet with something in it is hidden"):
        refuse_none(table, "people.xlsx")


def test_a_column_or_a_line_without_a_size_is_not_seen(path):
    book(path, lines=(3,), columns="C")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    sheet = re.sub('<row r="3"[^>]*>', '<row r="3" ht="0" customHeight="1">', sheet)
    sheet = re.sub("<col [^>]*>", '<col min="3" max="3" width="0.00" customWidth="1"/>', sheet)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in {**parts, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, part)
    assert asked(path) == {"hidden": "without", "hidden_columns": "without"}


@pytest.mark.parametrize(
    ("suffix", "text", "row", "column"),
    [
        ("xls", HTML, 'style="display:none"', "style='display: none'"),
        ("xls", HTML, "hidden", 'style="mso-width-source:userset;visibility:collapse"'),
        ("xml", XML_2003, 'ss:Hidden="1"', '<Column ss:Index="3" ss:Hidden="1"/>'),
        ("xml", XML_2003, 'ss:Height="0"', '<Column/><Column ss:Width="0"/>'),
        *(
            ("fods", FODS, f'table:visibility="{how}"', f'table:visibility="{how}"')
            for how in ("collapse", "filter")
        ),
    ],
)
def test_hidden_in_every_kind_of_file(tmp_path, suffix, text, row, column):
    path = tmp_path / f"people.{suffix}"
    path.write_text(text.format(row=row, column=column), "utf-8")
    assert asked(path) == {"hidden": "without", "hidden_columns": "without"}
    assert people(path) == [{"name": "甲", "number": "1"}]
    seen = "<Column/>" if suffix == "xml" else ""
    path.write_text(text.format(row="", column=seen), "utf-8")
    assert asked(path) == {}


def test_cells_a_web_page_hides_below_one_that_reaches_over_them_take_no_place(tmp_path):
    path = tmp_path / "people.xls"
    path.write_text(
        "<table><tr><th>楼栋</th><th>房号</th><th>姓名</th></tr>"
        "<tr><td rowspan=2>3</td><td>101</td><td>甲</td></tr>"
        '<tr><td style="display:none">3</td><td>102</td><td>乙</td></tr></table>',
        "utf-8",
    )
    assert asked(path) == {}
    assert people(path)[1] == {"building": "3", "unit": "102", "name": "乙"}


def test_a_hidden_cell_of_the_headings_hides_its_column(tmp_path):
    path = tmp_path / "people.xls"
    line = "<tr><td>{}</td><td style='display:none'>{}</td><td>{}</td></tr>"
    rows = [("姓名", "卡号", "编号"), ("甲", "0002972728", "1")]
    path.write_text(f"<table>{''.join(line.format(*row) for row in rows)}</table>", "utf-8")
    assert people(path) == [{"name": "甲", "number": "1"}]


UNSEEN = "<td style='display:none'>{}</td>"


@pytest.mark.parametrize(
    "line",
    [
        "<td>乙</td><td colspan=2>b</td>" + UNSEEN.format("x") + "<td>2</td>",
        "<td>乙</td><td colspan=3>b</td>" + 2 * UNSEEN.format("") + "<td>2</td>",
        "<td>乙</td><td colspan=2>b</td><td>2</td>",
    ],
)
def test_cells_a_web_page_hides_beside_one_that_reaches_over_them_take_no_place(tmp_path, line):
    path = tmp_path / "people.xls"
    wide = "<th></th>" * line.count("=3")
    path.write_text(
        f"<table><tr><th>姓名</th><th>备注</th><th></th>{wide}<th>编号</th></tr>"
        f"<tr><td>甲</td><td>a</td><td></td>{wide}<td>1</td></tr><tr>{line}</tr></table>",
        "utf-8",
    )
    assert asked(path) == {}
    assert people(path)[1] == {"name": "乙", "note": "b", "number": "2"}


def test_of_cells_hidden_in_a_row_only_those_merged_away_take_no_place(tmp_path):
    """Two by two cells are one, and beside them a column is hidden."""
    path = tmp_path / "people.xls"
    hidden = UNSEEN.format("0002972728")
    path.write_text(
        f"<table><tr><th>备注</th><th></th>{UNSEEN.format('卡号')}<th>姓名</th></tr>"
        f"<tr><td rowspan=2 colspan=2>a</td>{UNSEEN.format('')}{hidden}<td>甲</td></tr>"
        f"<tr>{2 * UNSEEN.format('')}{hidden}<td>乙</td></tr></table>",
        "utf-8",
    )
    assert asked(path) == {"hidden_columns": "without"}
    assert people(path) == [{"name": "甲", "note": "a"}, {"name": "乙", "note": "a"}]
    assert [one["card"] for one in people(path, hidden_columns="with")] == ["0002972728"] * 2


def test_cells_hidden_beside_a_wide_hidden_one_keep_their_places(tmp_path):
    path = tmp_path / "people.xls"
    wide = UNSEEN.replace("<td", "<td colspan=2").format("")
    path.write_text(
        f"<table><tr><th>姓名</th>{wide}{UNSEEN.format('卡号')}<th>编号</th></tr>"
        f"<tr><td>甲</td>{wide}{UNSEEN.format('0002972728')}<td>1</td></tr></table>",
        "utf-8",
    )
    assert people(path) == [{"name": "甲", "number": "1"}]
    assert people(path, hidden_columns="with")[0]["card"] == "0002972728"


def test_one_hidden_cell_hides_no_column(tmp_path):
    path = tmp_path / "people.xls"
    path.write_text(
        "<table><tr><th>姓名</th><th>卡号</th><th>编号</th></tr>"
        "<tr><td>甲</td><td>0002972728</td><td>1</td></tr>"
        f"<tr><td>乙</td>{UNSEEN.format('')}<td>2</td></tr></table>",
        "utf-8",
    )
    assert asked(path) == {}
    assert people(path)[0] == {"name": "甲", "card": "0002972728", "number": "1"}


@pytest.mark.parametrize("rows", [1, 2])
def test_a_hidden_heading_hides_its_column_whatever_is_seen_below_it(tmp_path, rows):
    """Also one that reaches down over two lines of headings, and one below a title."""
    path = tmp_path / "people.xls"
    head = f"rowspan={rows}"
    below = "<tr><th>开始日期</th><th>结束日期</th></tr>" if rows == 2 else ""
    last = "<th colspan=2>有效期</th>" if rows == 2 else "<th>生效日期</th><th>截止日期</th>"
    path.write_text(
        "<table><tr><td colspan=5>登记表</td></tr>"
        f"<tr><th {head}>姓名</th><th {head} hidden>卡号</th><th {head}>编号</th>{last}</tr>{below}"
        "<tr><td>甲</td><td>0002972728</td><td>1</td><td>2026-01-01</td><td>2030-01-01</td></tr>"
        "</table>",
        "utf-8",
    )
    assert asked(path) == {"hidden_columns": "without"}
    assert "card" not in people(path)[0]
    assert people(path)[0]["valid_until"] == "2030-01-01"


def test_a_column_is_hidden_whose_cells_are_where_the_headings_are_another_table(tmp_path):
    path = tmp_path / "people.xls"
    path.write_text(
        "<table><tr><th>姓名</th><th>卡号</th><th>编号</th></tr></table><table>"
        f"<tr><td>甲</td>{UNSEEN.format('0002972728')}<td>1</td></tr>"
        f"<tr><td>乙</td>{UNSEEN.format('0002972729')}<td>2</td></tr></table>",
        "utf-8",
    )
    assert asked(path) == {"hidden_columns": "without"}
    assert people(path) == [{"name": "甲", "number": "1"}, {"name": "乙", "number": "2"}]


def test_hidden_columns_of_a_claim_without_end_cost_nothing():
    sheet = Sheet("a", [Row(1, {0: Cell("姓名", Form.TEXT)})])
    sheet.hide(3, 1 << 40)
    assert max(sheet.hidden_columns) == 16_383


def test_columns_of_tables_below_each_other_are_hidden_in_each(path):
    workbook = Workbook()
    for row in (*PEOPLE, ("姓名", "电话", "卡号"), ("丁", "138", "0002972731")):
        workbook.active.append(row)
    workbook.active.column_dimensions["C"].hidden = True
    workbook.save(path)
    sheets = open_table(path).sheets
    assert len(sheets) == 2
    assert [asked(path, sheet=name)["hidden_columns"] for name in sheets] == ["without"] * 2


def test_the_reader_of_workbooks_says_which_columns_are_hidden(path):
    (sheet,) = read_book(book(path, columns="BC")).sheets
    assert sheet.hidden_columns == {1, 2}
