"""1970, 2037, jumps, a clock nobody synchronises: reported once, and believed again afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.clock import ManualClock
from gate.daemon.clock_watch import PATIENCE, ClockWatch, implausible

NOW = datetime(2027, 7, 1, 12, tzinfo=UTC)


def watched(start: datetime, newest: datetime | None = None, sync: bool | None = None):  # type: ignore[no-untyped-def]
    clock = ManualClock(start=start)
    return clock, ClockWatch(clock, newest, lambda: sync)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "before_release"),
        (datetime(2026, 10, 31, tzinfo=UTC), "before_release"),
        (NOW, ""),
        (datetime(2037, 1, 1, tzinfo=UTC), "far_future"),
    ],
)
def test_what_a_clock_cannot_say(now: datetime, why: str) -> None:
    assert implausible(now) == why
    assert watched(now)[1].fault == why


def test_a_clock_behind_the_newest_event_is_not_set_unless_it_is_synchronised() -> None:
    newest = NOW + timedelta(days=30)
    assert watched(NOW, newest)[1].fault == "behind_events"
    assert watched(NOW, newest, sync=True)[1].fault == ""
    assert watched(NOW, NOW + timedelta(minutes=59))[1].fault == ""


def test_an_event_written_by_a_clock_far_ahead_does_not_count() -> None:
    assert watched(NOW, NOW + timedelta(days=4000))[1].fault == ""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_jump_is_reported_once_with_its_seconds(hours: int) -> None:
    clock, watch = watched(NOW)
    clock.advance(1)
    assert watch.look() == []
    clock.start += timedelta(hours=hours)
    clock.advance(1)
    (notice,) = watch.look()
    assert (notice.type, notice.details) == ("clock.jumped", {"seconds": 3600.0 * hours})
    clock.advance(1)
    assert watch.look() == []


def test_a_box_that_starts_in_1970_says_so_and_says_when_it_is_over() -> None:
    clock, watch = watched(datetime(1970, 1, 1, tzinfo=UTC))
    clock.advance(1)
    (notice,) = watch.look()
    assert (notice.type, notice.details["reason"]) == ("clock.implausible", "before_release")
    clock.start = NOW
    clock.advance(1)
    assert [n.type for n in watch.look()] == ["clock.jumped", "clock.plausible"]
    assert watch.fault == ""


def test_a_clock_nobody_synchronises_is_reported_after_some_patience() -> None:
    clock, watch = watched(NOW, sync=False)
    clock.advance(PATIENCE - 1)
    assert watch.look() == []
    clock.advance(2)
    assert [n.type for n in watch.look()] == ["clock.unsynchronised"]
    watch._ask = lambda: True
    clock.advance(2)
    assert [n.type for n in watch.look()] == ["clock.synchronised"]
