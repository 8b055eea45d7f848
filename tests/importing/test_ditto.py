"""Cells that say "as above"."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from gate.importing.book import Cell, Form
from gate.importing.choices import Choices
from gate.importing.ditto import is_ditto
from gate.importing.table import open_table

HEAD = ("姓名", "楼栋", "房号", "电话", "类别", "截止日期", "备注")


@pytest.fixture
def read(tmp_path):
    def read(*rows, hide=(), **choices):
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        for line in hide:
            workbook.active.row_dimensions[line].hidden = True
        path = tmp_path / "people.xlsx"
        workbook.save(path)
        return open_table(path, Choices(**choices))

    return read


def values(table):
    return [line.values for line in table.lines]


def places(table):
    return [(wrong.line, wrong.column) for wrong in table.wrong]


@pytest.mark.parametrize(
    "text", ["同上", " 同　上 ", "（同上）", "〃", "″", '"', "＂", "ditto", "Do.", "Same as above"]
)
def test_ways_to_say_it(text):
    assert is_ditto(Cell(text))
    assert not is_ditto(Cell(text, Form.ERROR))


@pytest.mark.parametrize("text", ["", "上", "同", "do", "同上海", "-", "3"])
def test_what_does_not_say_it(text):
    assert not is_ditto(Cell(text))


def test_what_people_of_one_home_share_is_taken_from_the_line_above(read):
    table = read(
        HEAD,
        ("甲", "3号楼", "101", "138", "租户", "2027-01-05", "x"),
        ("乙", "同上", "〃", '"', "同上", "同上", "同上"),
        ("丙", "同上", "102", "同上", "业主", "", "ditto"),
    )
    shared = {"building": "3号楼", "unit": "101", "phone": "138", "kind": "tenant"}
    shared |= {"valid_until": "2027-01-05", "note": "x"}
    third = {"building": "3号楼", "unit": "102", "phone": "138", "kind": "resident", "note": "x"}
    assert values(table)[1:] == [{"name": "乙", **shared}, {"name": "丙", **third}]
    assert table.repeated == 9
    assert not table.wrong


@pytest.mark.parametrize(
    ("heading", "value", "field"),
    [
        ("编号", "1", "number"),
        ("卡号", "0002972728", "card"),
        ("同意", "同意", "consent"),
        ("出生日期", "1960", "birth_year"),
        ("需要协助", "同意", "help"),
    ],
)
def test_what_is_somebodys_own_is_a_mistake(read, heading, value, field):
    table = read(("姓名", heading), ("甲", value), ("乙", "同上"))
    assert places(table) == [(3, field)]
    assert "同上: stands for the cell above" in table.wrong[0].what
    assert values(table)[1] == {"name": "乙"}


def test_a_name_that_says_as_above_is_nobodys(read):
    assert places(read(("姓名", "编号"), ("甲", "1"), ("同上", "2"))) == [(3, "name")]


def test_below_nothing_it_says_nothing(read):
    people = [("甲", "同上", "101"), ("乙", None, None), ("丙", "同上", "1")]
    table = read(HEAD[:3], *people)
    assert places(table) == [(2, "building"), (4, "building")]


@pytest.mark.parametrize(("hidden", "people"), [("without", 2), ("with", 3)])
def test_the_line_above_counts_though_it_is_hidden(read, hidden, people):
    rows = [("甲", "3号楼", "101"), ("乙", "4号楼", "201"), ("丙", "同上", "202")]
    table = read(HEAD[:3], *rows, hide=(3,), hidden=hidden)
    assert len(table.lines) == people
    assert values(table)[-1]["building"] == "4号楼"
    assert table.repeated == 1


def test_an_export_of_the_gate_says_what_it_says(read):
    table = read(("门禁号", "姓名", "备注"), ("7", "甲", "x"), ("8", "乙", "同上"))
    assert [column.field for column in table.columns] == ["person", "name", "note"]
    assert values(table)[1]["note"] == "同上"
    assert table.repeated == 0
