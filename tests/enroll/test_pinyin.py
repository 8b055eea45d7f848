"""Names found and sorted by pinyin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.pinyin import is_query, matches, natural_key, sort_key


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("wangfang", "王芳"),
        ("wang fang", "王芳"),
        ("wf", "王芳"),
        ("WF", "王芳"),
        ("wfang", "王芳"),
        ("wangf", "王芳"),
        ("fang", "王芳"),
        ("zengxy", "曾欣妍"),
        ("shan", "单雄信"),
        ("zhouzr", "周子然"),
        ("xi'an", "席安"),
        ("lvmeng", "吕蒙"),
        ("lumeng", "吕蒙"),
        ("smith", "Smith"),
    ],
)
def test_a_name_is_found_by_syllables_initials_and_beginnings(query, name):
    assert is_query(query)
    assert matches(name, query)


@pytest.mark.parametrize(("query", "name"), [("wg", "王芳"), ("fw", "王芳"), ("wangfangx", "王芳")])
def test_what_does_not_spell_it_does_not_find_it(query, name):
    assert not matches(name, query)


@pytest.mark.parametrize("text", ["王", "3-1201", "0012", "", "w1"])
def test_what_is_no_pinyin_is_not_looked_for_as_such(text):
    assert not is_query(text)


def test_names_are_sorted_as_a_chinese_list_is():
    names = ["张伟", "王芳", "曾欣", "安然", "陈静", "李娜"]
    assert sorted(names, key=sort_key) == ["安然", "陈静", "李娜", "王芳", "曾欣", "张伟"]


def test_homes_are_sorted_by_their_numbers():
    assert sorted(["10", "2", "1A", "甲"], key=natural_key) == ["甲", "1A", "2", "10"]


@given(st.text(max_size=8), st.text("abcxyz' ", max_size=12))
def test_any_name_and_any_letters_are_answered(name, letters):
    assert matches(name, letters) in (True, False)
    assert isinstance(sort_key(name), tuple)
