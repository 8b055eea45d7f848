"""Schedules as a painted grid, and back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.weekly_grid import ROWS, from_bits, grid_of, text_of
from gate.access.schedule import DAYS, is_open, parse
from gate.errors import AccessError
from tests.enroll.painted import painted

MONDAY = datetime(2026, 3, 2)


@pytest.mark.parametrize(
    "text",
    [
        "mon-fri 07:00-19:00",
        "mon-fri 07:00-19:00; sat 08:00-12:00 14:00-16:30; holiday closed",
        "mon 00:00-24:00; holiday 10:00-12:00",
        "mon-sun closed",
        "mon-sun closed; holiday 08:00-09:00",
    ],
)
def test_a_text_survives_the_grid(text):
    grid, exact = grid_of(text)
    assert (text_of(grid), exact) == (text, True)


def test_hours_past_midnight_are_painted_on_the_day_they_are_in():
    grid, exact = grid_of("sun 22:00-06:00")
    assert (text_of(grid), exact) == ("mon 00:00-06:00; sun 22:00-24:00", True)


def test_hours_past_midnight_before_a_holiday_are_not_the_same():
    assert not grid_of("holiday closed; sun 22:00-06:00")[1]
    assert not grid_of("sun 22:00-06:00; holiday closed")[1]


def test_a_quarter_of_an_hour_is_shown_as_the_whole_half_and_is_not_exact():
    grid, exact = grid_of("mon 07:15-08:00")
    assert (text_of(grid), exact) == ("mon 07:00-08:00", False)


grids = st.fixed_dictionaries(
    {day: st.frozensets(st.integers(0, 47)) for day in DAYS},
    optional={"holiday": st.frozensets(st.integers(0, 47))},
)


@pytest.mark.slow
@given(grids)
def test_any_painting_becomes_a_schedule_that_is_open_where_it_was_painted(grid):
    schedule = parse(text_of(grid))
    for row, day in enumerate(DAYS):
        for slot in range(48):
            when = MONDAY + timedelta(days=row, minutes=30 * slot)
            assert is_open(schedule, when, {}) == (slot in grid[day])
    if "holiday" in grid:
        days = {MONDAY.date(): "holiday"}
        for slot in range(48):
            when = MONDAY + timedelta(minutes=30 * slot)
            assert is_open(schedule, when, days) == (slot in grid["holiday"])


@given(grids)
def test_a_form_carries_a_grid_unchanged(grid):
    assert from_bits(painted(grid)) == grid


@pytest.mark.parametrize("bits", ["", "1", ".".join(["0" * 48] * 7), ".".join(["2" * 48] * 8)])
def test_what_is_no_grid_is_refused(bits):
    with pytest.raises(AccessError):
        from_bits(bits)
    assert len(ROWS) == 8
