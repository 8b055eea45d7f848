from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from gate.access.schedule import is_open, parse
from gate.errors import AccessError

ZONE = timezone(timedelta(hours=8))
OFFICE = parse("mon-fri 07:00-19:00; sat,sun 08:00-12:00 14:00-16:00; holiday closed")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=ZONE)  # the 5th is a Monday


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        (at(5, 6, 59), False),
        (at(5, 7), True),
        (at(9, 18, 59), True),
        (at(9, 19), False),
        (at(10, 13), False),
        (at(11, 15, 59), True),
    ],
)
def test_windows_begin_at_their_first_minute_and_end_before_their_last(
    when: datetime, open_: bool
) -> None:
    assert is_open(OFFICE, when, {}) is open_


def test_a_window_may_be_of_one_day_and_begin_and_end_at_the_last_minute_of_an_hour() -> None:
    one = parse("mon-mon 07:59-08:59")
    assert [is_open(one, at(5, *when), {}) for when in ((7, 58), (7, 59), (8, 58), (8, 59))] == [
        False,
        True,
        True,
        False,
    ]


def test_a_window_may_pass_midnight() -> None:
    night = parse("fri 22:00-06:00")
    assert is_open(night, at(9, 23), {})
    assert is_open(night, at(10, 5, 59), {})
    assert not is_open(night, at(10, 6), {})
    assert not is_open(night, at(9, 5), {})


def test_a_holiday_is_closed_where_the_schedule_says_so_and_else_as_its_weekday() -> None:
    days = {date(2026, 1, 5): "holiday"}
    assert not is_open(OFFICE, at(5, 12), days)
    assert is_open(parse("mon 00:00-24:00"), at(5, 12), days)
    closed = parse("mon 00:00-24:00; holiday closed")
    assert is_open(closed, at(5, 12), {})
    assert not is_open(closed, at(5, 12), days)


def test_always_is_every_minute_of_every_day() -> None:
    always = parse(" always ")
    assert all(is_open(always, at(day, hour), {}) for day in range(5, 12) for hour in (0, 12, 23))


def test_a_make_up_working_day_counts_as_the_weekday_it_stands_for() -> None:
    assert is_open(OFFICE, at(10, 18), {date(2026, 1, 10): "mon"})
    assert is_open(parse("mon 00:00-24:00"), at(10, 18), {date(2026, 1, 10): "mon"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "monday 7-19",
        "mon",
        "mon 07:00-25:00",
        "fri-mon 07:00-08:00",
        "mon 7:60-8:00",
        "mon 07:75-09:00",
        "fri-mon 07:00-08:00; tue 07:00-08:00",
        "mon 07:00-08:60",
        "mon 24:00-06:00",
        "mon 07:00-07:00",
        "monday 07:00-08:00",
        "xxx-fri 07:00-08:00",
        "mon-xxx 07:00-08:00",
    ],
)
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(AccessError, match="not valid"):
        parse(text)


@pytest.mark.parametrize(
    ("zone", "at", "before", "after"),
    [
        # clocks go forward: 02:00 to 03:00 does not exist
        ("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC), "01:00-02:00", "03:00-04:00"),
        ("Australia/Sydney", datetime(2026, 10, 3, 16, tzinfo=UTC), "01:00-02:00", "03:00-04:00"),
        # and back: 02:00 to 03:00 comes twice
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC), "02:00-03:00", "02:00-03:00"),
        ("Australia/Sydney", datetime(2027, 4, 3, 16, tzinfo=UTC), "02:00-03:00", "02:00-03:00"),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), "01:00-02:00", "01:00-02:00"),
    ],
)
def test_on_the_days_clocks_change_hours_follow_the_wall_clock(
    zone: str, at: datetime, before: str, after: str
) -> None:
    second = timedelta(seconds=1)
    moments = [(at - second).astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(zone))]
    for hours in (before, after, "04:00-05:00"):
        opened = [is_open(parse(f"mon-sun {hours}"), moment, {}) for moment in moments]
        assert opened == [hours == before, hours == after]
