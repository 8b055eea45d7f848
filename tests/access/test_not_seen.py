"""Somebody who lives alone and opted in to absence alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.access.not_seen import (
    Change,
    Gap,
    Notice,
    Watched,
    absence,
    acknowledge,
    check,
    pause,
    seen,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


ELDER = {7: Watched(7, since=START, seen=after(10))}


def test_staff_are_reported_once_after_the_set_hours() -> None:
    people, notices = check(ELDER, (), after(33.9), 24)
    assert notices == ()
    people, notices = check(people, (), after(34), 24)
    assert notices == (Notice(Change.NOT_SEEN, 7, 24.0),)
    assert check(people, (), after(50), 24)[1] == ()


def test_switched_off_nobody_is_missed() -> None:
    assert check(ELDER, (), after(999), 0)[1] == ()


def test_somebody_never_seen_counts_from_when_they_agreed() -> None:
    assert check({7: Watched(7, since=START)}, (), after(24), 24)[1][0].hours == 24


@pytest.mark.parametrize(
    ("gaps", "hours"),
    [
        ((), 30),
        ((Gap(after(20), after(30)),), 20),  # down
        ((Gap(after(0), after(15)),), 25),  # partly before they were seen
        ((Gap(after(38), after(99)),), 28),  # still held open
        ((Gap(after(20), after(30)), Gap(after(25), after(32))), 18),  # overlapping
    ],
)
def test_hours_in_which_the_gate_could_not_know_do_not_count(
    gaps: tuple[Gap, ...], hours: float
) -> None:
    assert absence(ELDER[7], gaps, after(40)) == timedelta(hours=hours)


def test_being_seen_ends_it() -> None:
    people, _ = check(ELDER, (), after(40), 24)
    people, notices = seen(people, 7, after(41))
    assert notices == (Notice(Change.ENDED, 7, by="seen"),)
    assert check(people, (), after(60), 24)[1] == ()
    assert check(people, (), after(65), 24)[1] != ()


def test_somebody_who_was_not_missed_comes_home_without_a_notice() -> None:
    never = {7: Watched(7, since=START)}
    assert seen(never, 7, after(1)) == ({7: Watched(7, START, after(1))}, ())


def test_a_late_report_of_an_earlier_passage_changes_nothing() -> None:
    assert seen(ELDER, 7, after(5)) == (ELDER, ())
    missed, _ = check(ELDER, (), after(40), 24)
    assert seen(missed, 7, after(10)) == (missed, ()), "the passage it is counted from"


def test_others_are_not_kept() -> None:
    assert seen(ELDER, 8, after(11)) == (ELDER, ())


def test_travel_pauses_and_coming_home_ends_the_pause() -> None:
    people = pause(ELDER, 7, after(200))
    assert check(people, (), after(199), 24)[1] == ()
    assert check(people, (), after(223), 24)[1] == ()
    assert check(people, (), after(224), 24)[1] != ()
    home, _ = seen(people, 7, after(100))
    assert check(home, (), after(124), 24)[1] != ()


def test_an_acknowledgement_names_somebody_and_counts_anew() -> None:
    people, _ = check(ELDER, (), after(40), 24)
    with pytest.raises(ValueError, match="must name who"):
        acknowledge(people, 7, "  ", after(41))
    people, notices = acknowledge(people, 7, "chen", after(41))
    assert notices == (Notice(Change.ENDED, 7, by="chen"),)
    assert check(people, (), after(64), 24)[1] == ()
    assert check(people, (), after(65), 24)[1] != ()
    assert acknowledge(ELDER, 7, "chen", after(20)) == (ELDER, ())
    assert acknowledge(ELDER, 8, "chen", after(20)) == (ELDER, ())


def test_whoever_dealt_with_one_absence_is_not_named_at_the_next() -> None:
    people, _ = check(ELDER, (), after(40), 24)
    people, _ = acknowledge(people, 7, "chen", after(41))
    assert people[7].acknowledged_by == "chen"
    missed, _ = check(people, (), after(80), 24)
    assert missed[7].acknowledged_by == ""
    home, _ = seen(people, 7, after(50))
    assert home[7].acknowledged_by == ""


def test_a_pause_ends_the_absence_that_was_reported() -> None:
    people, _ = check(ELDER, (), after(40), 24)
    people = pause(people, 7, after(100))
    assert check(people, (), after(124), 24)[1] == (Notice(Change.NOT_SEEN, 7, 24.0),)
    assert pause(ELDER, 8, after(100)) == ELDER


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=6))
def test_an_absence_is_never_negative_nor_longer_than_the_time_passed(
    spans: list[tuple[float, float]],
) -> None:
    gaps = [Gap(after(min(s)), after(max(s))) for s in spans]
    assert timedelta(0) <= absence(ELDER[7], gaps, after(60)) <= timedelta(hours=50)
