"""Days and years as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from gate.importing.days import birth_year, days, is_forever, span

FIFTH = date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-05", "2026.1.5", "2026/1/5", "20260105", "46027", "46027.75", "2026\\1\\5"),
        *("2026年1月5日", "2026 年 1 月 5 日", "2026年01月05号", "二〇二六年一月五日"),
        *("二零二六年一月五日", "2026年一月五日", "民国115年1月5日", "2026、1、5", "2026，1，5"),
        *("2026-1-5 止", "至2026年1月5日", "截止2026-01-05", "2026年1月5日 星期一"),
        *("2026-01-05（周一）", "2026/01/05 00:00:00", "2026-01-05T10:00:00", "２０２６．１．５"),
        *("Jan 5, 2026", "5 January 2026", "January 5th, 2026", "5-Jan-26", "05Jan2026"),
        *("Mon, 5 Jan 2026", "2026 1 5"),
    ],
)
def test_one_day_in_many_ways(text):
    assert days(text) == {"": FIFTH}


@pytest.mark.parametrize("text", ["26-1-5", "26.1.5", "1/5/2026", "05-01-26"])
def test_what_can_be_read_in_two_ways_is_both(text):
    assert FIFTH in days(text).values()
    assert "" not in days(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026年13月1日", "2026年1月", "2026.12", "2026年底", "明天", "2026²-1-5"),
        *("2026-1-5 ~ 2027-1-5", "2026-1-5 and more", "260105"),
    ],
)
def test_what_is_no_single_day_is_none(text):
    assert days(text) == {}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2026-1-5 至 2027-1-4", ("2026-1-5", "2027-1-4")),
        ("2026.1.5-2027.1.4", ("2026.1.5", "2027.1.4")),
        ("2026年1月5日—长期", ("2026年1月5日", "长期")),
        ("2026/1/5~2027/1/4", ("2026/1/5", "2027/1/4")),
        ("2026-01-05", None),
        ("abc - 2026-01-05", None),
    ],
)
def test_both_days_of_a_lease_in_one_cell(text, parts):
    assert span(text) == parts


@pytest.mark.parametrize("text", ["长期", "永久", "空", "无", "9999-12-31", "——", "Long term", "∞"])
def test_words_for_no_last_day(text):
    assert is_forever(text)


@pytest.mark.parametrize("text", ["2027-01-05", "待定", "业主", ""])
def test_other_words_are_not(text):
    assert not is_forever(text)


@pytest.mark.parametrize(
    "text", ["1980", "1980年", "1980年生", "198005", "19800503", "1980/5", "一九八〇年", "1980.0"]
)
def test_years_of_birth(text):
    assert birth_year(text) == "1980"


@pytest.mark.parametrize("text", ["80", "46", "29344", "110101198001012345", "①980", "198013"])
def test_what_is_no_year_of_birth_stays_as_written(text):
    assert birth_year(text) == text
