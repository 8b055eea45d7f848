"""Several tables on one sheet."""

from __future__ import annotations

import pytest

from gate.importing.choices import Choices
from gate.importing.table import open_table


def table(tmp_path, text, **choices):
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    return open_table(path, Choices(**choices))


def names(found):
    return [line.values["name"] for line in found.lines]


def test_a_table_below_another_is_asked_about(tmp_path):
    text = "姓名,编号,电话\n王芳,1,138\n\n姓名,电话,编号\n张三,139,3\n李四,137,4\n"
    asked = table(tmp_path, text)
    (question,) = asked.open
    assert (question.about, question.options) == ("sheet", ("!A1", "!A4"))
    second = table(tmp_path, text, sheet="!A4")
    assert second.open == ()
    assert [line.values["number"] for line in second.lines] == ["3", "4"]


def test_a_table_beside_another_is_asked_about(tmp_path):
    text = "姓名,编号,,姓名,编号\n王芳,1,,张三,3\n李红,2,,李四,4\n"
    assert table(tmp_path, text).sheets == ("!A1", "!D1")
    assert names(table(tmp_path, text, sheet="!D1")) == ["张三", "李四"]


def test_a_table_beyond_column_z_has_the_letters_of_its_column(tmp_path):
    gap = "," * 26
    text = f"姓名,编号{gap}姓名,编号\n王芳,1{gap}张三,3\n"
    assert table(tmp_path, text).sheets == ("!A1", "!AB1")


@pytest.mark.parametrize("again", ["姓名,编号", "姓 名*,编号：", "住户姓名,编号"])
def test_headings_repeated_on_each_page_begin_no_other_table(tmp_path, again):
    found = table(tmp_path, f"姓名,编号\n王芳,1\n{again}\n李红,2\n")
    assert found.questions == ()
    assert names(found) == ["王芳", "李红"]
    assert [line for line, _ in found.skipped] == [3]
