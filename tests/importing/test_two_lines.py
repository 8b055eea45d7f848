"""Headings over two lines in which nothing, or not everything, is merged."""

from __future__ import annotations

import pytest

from gate.importing.book import Cell, Row, Sheet
from gate.importing.two_lines import joined
from tests.importing.office import mistakes, planned, values, workbook

HOME = ("building", "unit", "name", "phone", "valid_from", "valid_until")
LINE = ("3号楼", "501", "张三", "13800138000", "2026-1-1", "2026-12-31")
READ = [("3号楼", "501", "张三", "13800138000", "2026-01-01", "2026-12-31")]


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (("楼栋", "房号", "住户", None, "有效期"), (None, None, "姓名", "电话", "起", "止")),
        (("楼栋", "房号", "姓名", "电话", "有效期"), (None, None, None, None, "开始", "结束")),
        (
            ("楼栋", "房号", "姓名", "联系", "合同", "合同"),
            ("", "（室）", "（必填）", "电话", "起", "止"),
        ),
        (("房屋信息", None, "住户", None, "租期"), ("楼栋", "房号", "姓名", "手机", "起", "止")),
    ],
)
def test_both_lines_are_the_headings(tmp_path, store, upper, lower):
    made = planned(workbook(tmp_path, [upper, lower, LINE]), store)
    assert made.table.layout.line == 2
    assert values(made, *HOME) == READ
    assert mistakes(made) == []


def test_partly_merged_headings_are_read_so_too(tmp_path, store):
    upper = ("楼栋", "房号", "住户", None, "有效期", None)
    rows = [upper, (None, None, "姓名", "电话", "起", "止"), LINE]
    made = planned(workbook(tmp_path, rows, "A1:A2", "E1:F1"), store)
    assert values(made, *HOME) == READ


def test_headings_of_both_lines_on_each_page_are_nobody(tmp_path, store):
    head = [("楼栋", "房号", "住户", None), (None, None, "姓名", "电话")]
    rows = [*head, ("3", "501", "张三", "1380"), *head, ("3", "502", "李四", "1381")]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, "unit", "name") == [("501", "张三"), ("502", "李四")]
    assert [line for line, _ in made.table.skipped] == [4, 5]


def test_those_of_an_emergency_contact_are_not_the_persons(tmp_path, store):
    rows = [
        ("楼栋", "房号", "姓名", "紧急联系人", None, "有效期"),
        (None, None, None, "姓名", "电话", "止"),
        ("3", "501", "张三", "李四", "1380", "2027-1-1"),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, "name", "phone", "valid_until") == [("张三", "", "2027-01-01")]


def test_the_first_person_is_never_a_heading():
    rows = [("姓名", "类型", "状态"), ("业主", "户主", "电话"), ("王芳", "居民", "在住")]
    cells = [{at: Cell(text) for at, text in enumerate(row)} for row in rows]
    sheet = Sheet("Sheet1", [Row(number, row) for number, row in enumerate(cells, 1)])
    assert joined(sheet) is sheet
