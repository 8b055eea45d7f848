"""A sheet for each building, read as one."""

from __future__ import annotations

import pytest

from gate.importing.choices import ALL, Choices, from_json
from gate.importing.line_numbers import MOST_SHEETS, numbered
from gate.importing.workbooks import marked
from gate.texts.catalogue import translator
from tests.importing.office import mistakes, planned, values, workbook

HEAD = ("单元", "房号", "姓名", "电话")
CHOSEN = Choices(sheet=ALL, language="zh")


def test_several_sheets_are_imported_at_once_each_with_its_building(tmp_path, store):
    path = workbook(
        tmp_path,
        {
            "1号楼": [("1号楼住户登记表",), HEAD, (1, 101, "张三", "1381"), ("小计", "", "", "")],
            "2号楼": [("姓名", "手机号", "单元", "房号"), ("李四", "1382", 2, 201)],
            "Sheet3": [("楼栋", *HEAD[1:]), ("3号楼", 301, "王五", "1383")],
        },
    )
    (question,) = planned(path, store).questions
    assert question.options == (ALL, "1号楼", "2号楼", "Sheet3")
    found = planned(path, store, CHOSEN)
    assert found.ready
    assert values(found, "building", "unit", "name", "phone") == [
        ("1号楼", "1单元101", "张三", "1381"),
        ("2号楼", "2单元201", "李四", "1382"),
        ("3号楼", "301", "王五", "1383"),
    ]
    assert found.table.placed == {"1号楼": 1, "2号楼": 1}
    assert [text for _, text in found.table.skipped] == ["小计"]


def test_who_lives_nowhere_here_is_not_imported_with_the_residents(tmp_path, store):
    sheets = {
        "1号楼": [HEAD, (1, 101, "张三", "")],
        "2号楼": [HEAD, (2, 201, "李四", "")],
        "物业人员": [("姓名", "电话"), ("赵保安", "1381")],
    }
    path = workbook(tmp_path, sheets)
    found = planned(path, store, CHOSEN)
    assert [name for (name,) in values(found, "name")] == ["张三", "李四"]
    del sheets["2号楼"]
    (question,) = planned(workbook(tmp_path, sheets), store, CHOSEN).questions
    assert question.options == ("1号楼", "物业人员")


@pytest.mark.parametrize(
    "name", ["已搬离", "挂失卡", "2025历史", "旧表", "Moved out", "1号楼 (old)"]
)
def test_who_has_gone_is_not_imported_with_those_who_live_there(tmp_path, store, name):
    sheets = {
        "1号楼": [HEAD, (1, 101, "张三", "")],
        "2号楼 Holden": [HEAD, (2, 201, "李四", "")],
        name: [HEAD, (1, 102, "王五", "")],
    }
    found = planned(workbook(tmp_path, sheets), store, CHOSEN)
    assert [one for (one,) in values(found, "name")] == ["张三", "李四"]
    (question,) = found.table.questions
    assert name in question.options


def test_a_mistake_names_the_sheet_and_its_line(tmp_path, store):
    path = workbook(
        tmp_path,
        {
            "1号楼": [HEAD, (1, 101, "张三", ""), (1, 102, "", "1381")],
            "2号楼": [HEAD, (2, 201, "李四", "")],
            "3号楼": [("房号", "姓名", "卡号"), (301, "王五", "0002222222")],
            "4号楼": [("房号", "姓名", "卡号"), (401, "赵六", "0002222222")],
        },
    )
    found = planned(path, store, CHOSEN)
    assert [text for _, _, text in mistakes(found)] == ["is missing", "is in line {which} too"]
    assert found.wrong[1].which == "3/2"


def test_nothing_is_taken_over_from_the_sheet_before(tmp_path, store):
    head = ("楼栋", "房号", "姓名", "电话")
    path = workbook(
        tmp_path,
        {
            "甲": [head, ("1", "101", "张三", "1381")],
            "乙": [head, ("", "", "李四", "同上"), ("2", "201", "王五", "1382")],
        },
    )
    found = planned(path, store, CHOSEN)
    assert values(found, "unit", "name", "phone")[1] == ("", "李四", "")
    assert not found.questions
    assert [text for _, _, text in mistakes(found)] == [
        "stands for the cell above; write out what is meant"
    ]


def test_tables_side_by_side_on_one_sheet_are_imported_at_once(tmp_path, store):
    head = ("房号", "姓名")
    rows = [
        head * 3,
        ("501", "张三", "502", "李四", "503", "空置"),
        ("401", "王五", "", "", "", ""),
    ]
    found = planned(workbook(tmp_path, {"3号楼": rows}), store, CHOSEN)
    assert values(found, "building", "unit", "name") == [
        ("3号楼", "501", "张三"),
        ("3号楼", "401", "王五"),
        ("3号楼", "502", "李四"),
    ]


def test_owner_and_tenant_of_each_sheet(tmp_path, store):
    head = ("房号", "业主", "电话", "租户", "电话")
    path = workbook(
        tmp_path,
        {
            "1号楼": [head, ("101", "张三", "1381", "李四", "1382")],
            "2号楼": [head, ("101", "王五", "1383", "", "")],
        },
    )
    chosen = Choices(sheet=ALL, language="zh", owners="both")
    found = planned(path, store, chosen)
    assert values(found, "building", "name", "phone") == [
        ("1号楼", "张三", "1381"),
        ("1号楼", "李四", "1382"),
        ("2号楼", "王五", "1383"),
    ]
    assert len({line.number for line in found.lines}) == 3


def test_hidden_lines_and_columns_stay_hidden(tmp_path, store):
    from openpyxl import load_workbook

    path = workbook(
        tmp_path,
        {
            "1号楼": [HEAD, (1, 101, "张三", "1381"), (1, 102, "李四", "1382")],
            "2号楼": [("姓名", "房号", "电话"), ("王五", 201, "1383")],
        },
    )
    book = load_workbook(path)
    book["1号楼"].row_dimensions[3].hidden = True
    book["2号楼"].column_dimensions["C"].hidden = True
    book.save(path)
    found = planned(path, store, CHOSEN)
    assert values(found, "name", "phone") == [("张三", ""), ("王五", "")]
    asked = {one.about: one.answer for one in found.table.questions}
    assert asked == {"sheet": ALL, "hidden": "without", "hidden_columns": "without"}


def test_who_is_in_two_sheets_is_decided_by_the_number_of_the_line(tmp_path, store):
    sheets = {
        "1号楼": [HEAD, (1, 101, "张三", "1381")],
        "2号楼": [HEAD, (1, 101, "李四", "1382"), (1, 101, "李四", "1382")],
    }
    path = workbook(tmp_path, sheets)
    (one,) = planned(path, store, CHOSEN).undecided
    decided = from_json({"sheet": ALL, "language": "zh", "doubles": {str(one.line): "same"}})
    found = planned(path, store, decided)
    assert found.ready
    assert found.lines[-1].values["person"] == f"line {one.other}"
    last = numbered(1_048_576, sheet=MOST_SHEETS, second=True)
    assert from_json({"doubles": {str(last): "new"}}).doubles == {last: "new"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("sheet", [ALL, "2号楼"])
def test_a_table_with_its_mistakes_marked_keeps_the_building_of_each_line(
    tmp_path, store, language, sheet
):
    sheets = {
        "1号楼": [HEAD, (1, 101, "张三", "无")],
        "2号楼": [
            ("房号", "姓名", "电话"),
            ("1单元",),
            ("101", "李四", "*"),
            ("2单元",),
            ("101", "王五", ""),
            ("", "赵六", "1383"),
        ],
    }
    found = planned(workbook(tmp_path, sheets), store, Choices(sheet=sheet, language=language))
    words = translator(language)
    path = tmp_path / "marked.xlsx"
    path.write_bytes(marked(found.table, found.wrong, words, words("What is wrong")))
    again = planned(path, store, Choices(language=language))
    columns = ("building", "unit", "name", "phone")
    assert values(again, *columns) == values(found, *columns)
    assert [text for _, _, text in mistakes(again)] == [text for _, _, text in mistakes(found)]
