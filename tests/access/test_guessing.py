"""Guessing is slowed down, reported once, and over after a quiet window."""

from __future__ import annotations

import pytest

from gate.access.guessing import SLOWEST, Series
from gate.access.settings import GuessingSettings

SETTINGS = GuessingSettings()


def wrong(count: int, series: Series | None = None, start: float = 0.0) -> tuple[Series, list[int]]:
    """A series after ``count`` wrong credentials, one a second, and at which the alarm came."""
    series, alarms = series or Series(), []
    for number in range(count):
        series, alarm = series.after_wrong(start + number, SETTINGS)
        if alarm:
            alarms.append(number + 1)
    return series, alarms


def test_a_few_mistakes_cost_nobody_a_wait() -> None:
    series, alarms = wrong(SETTINGS.attempts - 1)
    assert not series.slowed(SETTINGS)
    assert series.wait(series.wrong[-1], SETTINGS) == 0.0
    assert alarms == []


def test_the_alarm_comes_once_at_the_last_allowed_attempt() -> None:
    series, alarms = wrong(3 * SETTINGS.attempts)
    assert alarms == [SETTINGS.attempts]
    assert series.count == 3 * SETTINGS.attempts
    assert series.began == 0.0


def test_a_series_begins_with_its_first_wrong_one() -> None:
    assert wrong(2, start=50.0)[0].began == 50.0


def test_the_pause_doubles_and_has_an_end() -> None:
    pauses = []
    for times in (1, 2, 3, 4, 40):
        series = Series(wrong=(0.0,) * (times * SETTINGS.attempts))
        pauses.append(series.wait(0.0, SETTINGS))
    assert pauses[:4] == [2.0, 4.0, 8.0, min(16.0, SLOWEST)]
    assert pauses[4] == SLOWEST


def test_the_wait_runs_from_the_last_wrong_one() -> None:
    series, _ = wrong(SETTINGS.attempts)
    last = series.wrong[-1]
    assert series.wait(last + 0.5, SETTINGS) == pytest.approx(1.5)
    assert series.wait(last + 2.0, SETTINGS) == 0.0
    assert series.wait(last + 60.0, SETTINGS) == 0.0


def test_what_lies_before_the_window_does_not_count() -> None:
    series, _ = wrong(SETTINGS.attempts - 1)
    later, alarm = series.after_wrong(SETTINGS.window + 100, SETTINGS)
    assert len(later.wrong) == 1
    assert not alarm


@pytest.mark.parametrize(("before", "counted"), [(0.125, 2), (0.0, 1)])
def test_the_window_begins_after_its_length(before: float, counted: int) -> None:
    series, _ = wrong(1)
    later, _ = series.after_wrong(SETTINGS.window - before, SETTINGS)
    assert len(later.wrong) == counted


def test_claims_that_were_not_looked_up_are_counted_and_change_nothing_else() -> None:
    series, _ = wrong(SETTINGS.attempts)
    after = series.after_unchecked().after_unchecked()
    assert after.unchecked == 2
    assert (after.wrong, after.count, after.began) == (series.wrong, series.count, series.began)


def test_it_is_over_after_a_whole_quiet_window() -> None:
    series, _ = wrong(SETTINGS.attempts)
    last = series.wrong[-1]
    assert not series.over(last + SETTINGS.window - 0.1, SETTINGS)
    assert series.over(last + SETTINGS.window, SETTINGS)
    assert not Series().over(10**6, SETTINGS)
