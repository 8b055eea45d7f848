"""Homes left empty below one: the same family, or nobody's home; asked, never guessed."""

from __future__ import annotations

from gate.importing.choices import Choices
from tests.importing.office import mistakes, planned, values, workbook

ROWS = [
    ("楼栋", "房号", "姓名", "类型"),
    *(
        ("3", "501", "张三", ""),
        ("", "", "李四", ""),
        ("", "502", "王五", ""),
        ("", "", "保安", "员工"),
    ),
    ("4", "101", "赵六", ""),
]


def test_it_is_asked_where_they_live(tmp_path, store):
    made = planned(workbook(tmp_path, ROWS), store)
    (question,) = made.questions
    assert (question.about, question.lines) == ("homes", 2)
    assert question.examples == (("3 李四", ("3 501", "")), ("4 王五", ("3", "")))
    assert mistakes(made) == []  # what is asked is no mistake of each line


def test_in_the_home_above(tmp_path, store):
    made = planned(workbook(tmp_path, ROWS), store, Choices(homes="above", language="zh"))
    assert values(made, "building", "unit", "name") == [
        *(("3", "501", "张三"), ("3", "501", "李四"), ("3", "502", "王五"), ("", "", "保安")),
        ("4", "101", "赵六"),
    ]
    assert made.ready


def test_in_none(tmp_path, store):
    made = planned(workbook(tmp_path, ROWS), store, Choices(homes="none", language="zh"))
    assert values(made, "unit")[1] == ("",)
    assert [line for line, _, _ in mistakes(made)] == [4]  # a flat without its building


def test_a_table_without_homes_asks_nothing(tmp_path, store):
    rows = [("楼栋", "房号", "姓名"), ("", "", "张三"), ("", "", "李四"), ("3", "501", "王五")]
    assert planned(workbook(tmp_path, rows), store).ready


def test_nothing_is_taken_over_an_empty_line(tmp_path, store):
    rows = [("楼栋", "房号", "姓名"), ("3", "501", "张三"), (), ("", "", "李四")]
    assert planned(workbook(tmp_path, rows), store).ready


def test_a_home_that_says_as_above_is_above_too(tmp_path, store):
    rows = [
        ("楼栋", "房号", "姓名"),
        ("3", "501", "张三"),
        ("同上", "同上", "李四"),
        ("", "", "王五"),
    ]
    made = planned(workbook(tmp_path, rows), store, Choices(homes="above", language="zh"))
    assert values(made, "building", "unit") == [("3", "501")] * 3


def test_half_of_a_home_is_nobodys_below(tmp_path, store):
    rows = [("楼栋", "房号", "姓名"), ("3", "", "张三"), ("", "", "李四"), ("", "501", "王五")]
    made = planned(workbook(tmp_path, [*rows, ("", "", "赵六")]), store)
    assert made.questions == ()
    assert [line for line, _, _ in mistakes(made)] == [2, 4]
