"""Web pages that programs of property managers export and name .xls."""

from __future__ import annotations

import codecs

import pytest

from gate.importing.table import open_table

HEAD = ("姓名", "楼栋", "房号")
PEOPLE = [("甲", "3", "101"), ("乙", "3", "102")]
READ = [dict(zip(("name", "building", "unit"), row, strict=True)) for row in PEOPLE]


def table(*rows):
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def values(tmp_path, page):
    path = tmp_path / "people.xls"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return [line.values for line in open_table(path).lines]


WHOLE = table(HEAD, *PEOPLE)


@pytest.mark.parametrize(
    "page",
    [
        f"<html><body>{WHOLE}</body></html>",
        f"<table><tr><td>{WHOLE}</td></tr></table>",  # an outer table for the layout
        f"<table><tr><td>导出</td><td>{WHOLE}</td></tr></table>",
        "<table><tr>" * 30 + "</table>" * 30 + WHOLE,
        "<!-- made by a program -->\n" * 400 + WHOLE,
        "\n\t" + WHOLE,
        table(HEAD) + table(*PEOPLE),  # headings that stay in sight
        WHOLE.replace("甲", table(("甲",))),
        WHOLE.removesuffix("</table>"),
    ],
)
def test_where_the_table_is_in_a_page(tmp_path, page):
    assert values(tmp_path, page) == READ


def test_a_table_of_one_line_before_one_of_another_width_is_one_of_its_own(tmp_path):
    assert values(tmp_path, table(("导出时间", "2026-11-29")) + WHOLE) == READ


@pytest.mark.parametrize(
    "page",
    [
        f"<html><body>{WHOLE}</body></html>".encode("gb18030"),
        f"<html><head><meta charset=utf-8></head>{WHOLE}</html>".encode("gb18030"),
        codecs.BOM_UTF8 + WHOLE.encode(),
        f"<html><head><meta charset=utf-16></head>{WHOLE}</html>".encode("utf-16"),
        codecs.BOM_UTF16_BE + WHOLE.encode("utf-16-be"),
    ],
)
def test_encodings_of_a_page(tmp_path, page):
    assert values(tmp_path, page) == READ


def test_a_cell_over_several_lines_and_columns(tmp_path):
    page = (
        "<table><tr><td colspan=3>登记表</td></tr><tr><th>楼栋</th><th>房号</th><th>姓名</th></tr>"
        "<tr><td rowspan=2>3</td><td>101</td><td>甲</td></tr>"
        "<tr><td>102</td><td>乙</td></tr></table>"
    )
    assert values(tmp_path, page) == READ


def test_a_single_cell_that_is_not_shown_is_a_mistake(tmp_path):
    path = tmp_path / "people.xls"
    path.write_text(
        "<html><table><tr><th>姓名<th>电话</tr><tr><td>王芳<td style='display:none'>1380</tr>"
        "<tr><td>李红<td>1381</tr></table></html>",
        "utf-8",
    )
    table = open_table(path)
    text = "holds something that is not shown; show the cell, or empty it"
    assert [(one.line, one.column, one.text) for one in table.wrong] == [(2, "phone", text)]
    assert "phone" not in table.lines[0].values
