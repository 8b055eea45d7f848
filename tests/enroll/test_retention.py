"""Retention: nothing is deleted by a clock that cannot be trusted, nor very much unasked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from enroll import retention
from enroll.deletion_limits import PEOPLE
from gate.events.event import Event

YEARS = timedelta(days=4000)


def moved_out(desk, count: int, ago: timedelta = timedelta(days=31)) -> list[int]:
    last = desk.clock.utc() - ago
    return desk.store.people.create_many(
        {"name": f"P{n}", "active": False, "valid_until": last} for n in range(count)
    )


def event_at(desk, at: datetime) -> None:
    desk.store.events.append([Event.make("north", "gate.started", at)])


@pytest.mark.slow
def test_a_desk_with_its_clock_years_ahead_deletes_nobody(desk) -> None:
    now = desk.clock.utc()
    end = now + timedelta(days=365)
    desk.store.people.create_many({"name": f"P{n}", "valid_until": end} for n in range(100))
    event_at(desk, now)
    assert retention.run_unasked(desk, now) is not None
    assert retention.run_unasked(desk, now + YEARS) is None
    assert desk.store.people.count() == 100
    # the gate beside it, on the same wrong clock, makes the newest event look recent
    event_at(desk, now + timedelta(days=400))
    assert retention.waiting(desk, now + timedelta(days=400)) == "far_from_record"
    assert retention.run_unasked(desk, now + timedelta(days=400)) is None
    assert desk.store.people.count() == 100
    waits = [row for row in desk.store.audit.lines() if row.action == "retention.waits"]
    assert len(waits) == 2, "one line for each reason, not one an hour"


@pytest.mark.parametrize(
    ("shift", "synchronised", "reason"),
    [
        (timedelta(), True, ""),
        (timedelta(), None, ""),
        (timedelta(), False, "unsynchronised"),
        (timedelta(days=29), True, ""),
        (timedelta(days=31), True, "far_from_record"),
        (-timedelta(days=20_000), True, "before_release"),
        (YEARS, True, "far_future"),
    ],
)
def test_what_makes_a_clock_doubtful(desk, shift, synchronised, reason) -> None:
    event_at(desk, desk.clock.utc())
    desk.synchronised = lambda: synchronised
    assert retention.waiting(desk, desk.clock.utc() + shift) == reason


def test_an_event_of_the_future_is_no_reference(desk) -> None:
    event_at(desk, desk.clock.utc() + timedelta(days=300))
    assert retention.waiting(desk, desk.clock.utc()) == ""


@pytest.mark.slow
def test_many_people_at_once_wait_for_a_manager_who_sees_why(desk, browser) -> None:
    moved_out(desk, PEOPLE)
    assert retention.run_unasked(desk, desk.clock.utc())["people"] == PEOPLE
    moved_out(desk, PEOPLE + 1)
    assert retention.run_unasked(desk, desk.clock.utc()) is None
    manager = browser("manager")
    page = manager.get("/retention").text
    assert "More people are due than are deleted unasked." in page
    manager.fill("/retention/run")
    assert desk.store.people.count() == 0
    assert "deleted unasked" not in manager.get("/retention").text


@pytest.mark.slow
def test_a_share_of_a_large_register_goes_without_asking(desk) -> None:
    desk.store.people.create_many({"name": f"R{n}"} for n in range(1000))
    moved_out(desk, 50)
    assert retention.run_unasked(desk, desk.clock.utc())["people"] == 50


@pytest.mark.slow
def test_many_events_at_once_wait(desk, monkeypatch) -> None:
    monkeypatch.setattr("enroll.deletion_limits.EVENTS", 10)
    now = desk.clock.utc()
    old = now - timedelta(days=200)
    desk.store.events.append([Event.make("north", "door.opened", old) for _ in range(11)])
    event_at(desk, now)
    assert retention.run_unasked(desk, now) is None
    assert desk.store.events.count() == 12
    assert retention.run(desk, now)["events"] == 11
