"""The official calendar as people paste it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from enroll.calendar_text import read
from gate.errors import AccessError

# as the State Council's notices are worded, with the dates of 2025
NOTICE = """国务院办公厅关于2025年
部分节假日安排的通知
国办发明电〔2024〕12号

一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""


def of(text, year=2025):
    return {day.day: (day.counts_as, day.name) for day in read(text, year)}


def test_the_notice_of_a_year_is_read_whole():
    days = of(NOTICE, 1999)  # the year is that of the title
    off = [day for day, (kind, _) in days.items() if kind == "holiday"]
    assert len(off) == 1 + 8 + 3 + 5 + 3 + 8
    assert (min(off), max(off)) == (date(2025, 1, 1), date(2025, 10, 8))
    assert days[date(2025, 2, 1)] == ("holiday", "春节")
    assert days[date(2025, 10, 6)] == ("holiday", "国庆节、中秋节")


def test_make_up_days_count_as_the_last_weekdays_that_the_holiday_took():
    days = of(NOTICE)
    work = {day: kind for day, (kind, _) in days.items() if kind != "holiday"}
    assert work == {
        date(2025, 1, 26): "mon",
        date(2025, 2, 8): "tue",
        date(2025, 4, 27): "mon",
        date(2025, 9, 28): "tue",
        date(2025, 10, 11): "wed",
    }
    assert all(day.weekday() >= 5 for day in work)


def test_lines_of_our_own():
    days = of("2027-10-01..2027-10-03 国庆节\n2027-10-09 fri 补班\n2027-10-10 班\n2027-10-11")
    assert days == {
        date(2027, 10, 1): ("holiday", "国庆节"),
        date(2027, 10, 2): ("holiday", "国庆节"),
        date(2027, 10, 3): ("holiday", "国庆节"),
        date(2027, 10, 9): ("fri", "补班"),
        date(2027, 10, 10): ("fri", ""),
        date(2027, 10, 11): ("holiday", ""),
    }


def test_an_icalendar_file_with_folded_lines():
    text = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:国庆\r\n 节（休）\r\n"
        "DTSTART;VALUE=DATE:20271001\r\nDTEND;VALUE=DATE:20271003\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:国庆节（班）\r\nDTSTART;VALUE=DATE:20271009\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:教师节\r\nDTSTART;VALUE=DATE:20270910\r\nEND:VEVENT\r\n"
        "END:VCALENDAR"
    )
    assert of(text) == {
        date(2027, 10, 1): ("holiday", "国庆节"),
        date(2027, 10, 2): ("holiday", "国庆节"),
        date(2027, 10, 9): ("fri", "国庆节"),
    }


def test_the_json_of_holiday_cn():
    rows = [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
    ]
    expected = {date(2027, 1, 1): ("holiday", "元旦"), date(2027, 1, 3): ("fri", "元旦")}
    assert of(json.dumps({"year": 2027, "days": rows})) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        '{"days": [3]}',
        "一、元旦：2月30日放假。",
        "2027-13-01 x",
        "2027-01-09..2027-01-01",
        "2027-01-01..2028-01-01",
        "BEGIN:VCALENDAR",
        "\n".join(f"20{year}-10-01..20{year}-11-20 x" for year in range(20, 30)),
    ],
)
def test_what_is_no_calendar_is_an_error(text):
    with pytest.raises(AccessError):
        read(text, 2027)
