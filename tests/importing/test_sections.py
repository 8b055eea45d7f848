"""The building that no column names: of the sheet, the title, or a line above."""

from __future__ import annotations

import pytest

from gate.importing.choices import Choices
from gate.importing.sections import Place, place_of
from tests.importing.office import mistakes, planned, values, workbook

HOME = ("building", "unit", "name")


@pytest.mark.parametrize(
    ("text", "building", "entrance"),
    [
        *(("1号楼", "1号楼", ""), ("3栋", "3栋", ""), ("A座", "A座", ""), ("三号楼", "3号楼", "")),
        *(("阳光花园3号楼住户登记表", "3号楼", ""), ("3#", "3#", ""), ("2期3号楼", "2期3号楼", "")),
        *(("3号楼2单元", "3号楼", "2"), ("2单元", "", "2"), ("5栋（共30户）", "5栋", "")),
        *(("Sheet1", "", ""), ("3楼", "", ""), ("1号", "", ""), ("3号楼合计", "", "")),
        *(("业主名单", "", ""), ("2026年3月", "", ""), ("说明", "", "")),
    ],
)
def test_what_a_sheet_or_section_is_named_after(text, building, entrance):
    place = place_of(text) or Place()
    assert (place.building, place.entrance) == (building, entrance)


def test_the_name_of_the_sheet_gives_the_building(tmp_path, store):
    head = ("单元", "房号", "姓名")
    path = workbook(
        tmp_path, {"1号楼": [head, (1, 101, "张三")], "2号楼": [head, (2, 201, "李四")]}
    )
    first = planned(path, store, Choices(sheet="1号楼", language="zh"))
    other = planned(path, store, Choices(sheet="2号楼", language="zh"))
    assert values(first, *HOME) == [("1号楼", "1单元101", "张三")]
    assert values(other, *HOME) == [("2号楼", "2单元201", "李四")]
    assert other.table.placed == {"2号楼": 1}
    assert first.ready
    assert other.ready


def test_a_column_of_buildings_counts_alone(tmp_path, store):
    path = workbook(tmp_path, {"1号楼": [("楼栋", "房号", "姓名"), ("2号楼", "101", "张三")]})
    made = planned(path, store)
    assert values(made, *HOME) == [("2号楼", "101", "张三")]
    assert made.table.placed == {}


def test_a_home_written_out_counts_more_than_the_sheet(tmp_path, store):
    path = workbook(tmp_path, {"1号楼": [("房号", "姓名"), ("5-2-101", "张三"), ("101", "李四")]})
    assert values(planned(path, store), *HOME) == [
        ("5", "2单元101", "张三"),
        ("1号楼", "101", "李四"),
    ]


@pytest.mark.parametrize(
    ("flats", "read"),
    [
        (("3-501", "3-502"), [("3", "501"), ("3", "502")]),  # its own number in front
        (("2-501", "3-502"), [("3号楼", "2-501"), ("3号楼", "3-502")]),  # the entrance
    ],
)
def test_two_numbers_in_the_sheet_of_a_building(tmp_path, store, flats, read):
    names = ("张三", "李四")
    rows = [("房号", "姓名"), *zip(flats, names, strict=True)]
    made = planned(workbook(tmp_path, {"3号楼": rows}), store)
    assert values(made, "building", "unit") == read


def test_lines_that_name_a_building_give_it_to_those_below(tmp_path, store):
    rows = [
        ("房号", "姓名"),
        *(("1号楼",), ("101", "张三"), ("2号楼（共2户）",), ("2单元",), ("101", "李四")),
    ]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, *HOME) == [("1号楼", "101", "张三"), ("2号楼", "2单元101", "李四")]
    assert [line for line, _ in made.table.skipped] == [2, 4, 5]


def test_buildings_of_one_number_in_two_areas_stay_two(tmp_path, store):
    rows = [("房号", "姓名"), ("一期",), ("1号楼",), ("101", "张三")]
    rows += [("二期",), ("1号楼",), ("101", "李四"), ("2单元",), ("201", "王五")]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, *HOME) == [
        *(("1期1号楼", "101", "张三"), ("2期1号楼", "101", "李四")),
        ("2期1号楼", "2单元201", "王五"),
    ]


def test_the_area_of_the_title_counts_with_the_building_of_the_sheet(tmp_path, store):
    rows = [("阳光花园二期业主登记表",), ("房号", "姓名"), ("101", "张三")]
    made = planned(workbook(tmp_path, {"1号楼": rows}, "A1:B1"), store)
    assert values(made, *HOME) == [("2期1号楼", "101", "张三")]


def test_people_of_shops_are_not_put_into_the_building_above(tmp_path, store):
    rows = [("房号", "姓名"), ("1号楼",), ("101", "张三"), ("阳光物业业主登记表",)]
    rows += [("102", "李四"), ("商铺业主名单",), ("101", "王五")]
    made = planned(workbook(tmp_path, rows), store)
    assert values(made, *HOME) == [
        *(("1号楼", "101", "张三"), ("1号楼", "102", "李四"), ("", "101", "王五")),
    ]
    assert mistakes(made) == [(7, "unit", "building and unit are given together or not at all")]


def test_the_entrance_of_a_section_stays_beside_the_number_of_the_building(tmp_path, store):
    rows = [("房号", "姓名"), ("3-501", "张三"), ("3-502", "李四")]
    made = planned(workbook(tmp_path, {"3号楼3单元": rows}), store)
    assert values(made, "building", "unit") == [("3", "3单元501"), ("3", "3单元502")]


def test_the_title_gives_the_building(tmp_path, store):
    rows = [("阳光花园5号楼业主登记表",), ("房号", "姓名"), ("101", "张三")]
    made = planned(workbook(tmp_path, rows, "A1:B1"), store)
    assert values(made, *HOME) == [("5号楼", "101", "张三")]


def test_without_any_a_flat_alone_stays_a_mistake(tmp_path, store):
    made = planned(workbook(tmp_path, [("房号", "姓名"), ("101", "张三")]), store)
    together = "building and unit are given together or not at all"
    assert mistakes(made) == [(2, "unit", together)]


@pytest.mark.parametrize(
    ("entrance", "flat", "unit"),
    [
        *(("2", "501", "2单元501"), ("2", "5-501", "2单元5-501"), ("2", "2-501", "2-501")),
        *(("2单元", "2单元501", "2单元501"), ("1", "2-501", "1单元2-501")),
    ],
)
def test_an_entrance_is_said_once_and_never_lost(tmp_path, store, entrance, flat, unit):
    rows = [("楼栋", "单元", "房号", "姓名"), ("3", entrance, flat, "张三")]
    assert values(planned(workbook(tmp_path, rows), store), "unit") == [(unit,)]
