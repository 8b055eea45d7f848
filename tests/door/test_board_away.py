"""What the door's contact says once a board that was away is back."""

from __future__ import annotations

import pytest

from gate.door.settings import DoorSettings
from gate.door.state import (
    Contact,
    DoorState,
    ExitButton,
    Fault,
    Fire,
    FireReset,
    Grant,
    HoldOpen,
    Normal,
    Recovered,
    Tick,
)
from gate.door.state_machine import step
from tests.door.steps import SETTINGS, SHUT, events, run

AWAY, BACK, OPEN, CLOSED = Fault("no answer"), Recovered(), Contact(True), Contact(False)


def test_a_door_that_was_locked_and_is_open_when_the_board_is_back_was_forced() -> None:
    state = run(SHUT, (10, AWAY), (20, AWAY), (30, BACK))
    assert events(state, OPEN, 30) == ["door.forced"]
    assert run(state, (30, OPEN)).forced


def test_it_was_not_where_the_lock_lets_go_without_power() -> None:
    magnet = DoorSettings(contact=True, fail="safe")
    state = run(SHUT, (10, AWAY), (30, BACK), s=magnet)
    assert events(state, OPEN, 30, magnet) == ["door.opened"]


@pytest.mark.parametrize("given", [Grant(), ExitButton(), Fire(True), HoldOpen(100)])
def test_nor_where_the_lock_was_released_before(
    given: Grant | ExitButton | Fire | HoldOpen,
) -> None:
    state = run(SHUT, (10, given), (11, AWAY), (200, Tick()))
    state = run(state, (200, Fire(False)), (200, FireReset()), (201, BACK))
    assert not state.released
    assert events(state, OPEN, 202) == ["door.opened"]


@pytest.mark.parametrize("given", [ExitButton(), Fire(True), HoldOpen(100)])
def test_nor_where_it_was_released_meanwhile(given: ExitButton | Fire | HoldOpen) -> None:
    state = run(SHUT, (10, AWAY), (20, given), (200, Tick()), (200, AWAY))
    state = run(state, (200, Fire(False)), (200, FireReset()), (201, BACK))
    assert not state.released
    assert events(state, OPEN, 202) == ["door.opened"]


def test_nor_where_nobody_knew_the_contact() -> None:
    for state in (DoorState(), run(SHUT, (10, OPEN), (11, CLOSED))):
        after = run(state, (20, AWAY), (30, BACK))
        known = state.open is False
        assert (events(after, OPEN, 30) == ["door.forced"]) is known
    closed = run(SHUT, (10, AWAY), (20, BACK), (20, CLOSED))
    assert not closed.shut
    opened = run(SHUT, (10, AWAY), (20, BACK), (20, OPEN))
    assert not opened.shut
    again = run(opened, (30, AWAY), (40, BACK))
    assert events(again, OPEN, 40) == ["door.opened"]  # it stood open all the time


def test_a_forced_door_stays_an_alarm_while_the_board_is_away_until_it_is_seen_closed() -> None:
    forced = run(SHUT, (10, OPEN), (11, AWAY))
    assert forced.alarms == ("forced_open", "fault")
    back = run(forced, (20, BACK), (20, OPEN))
    assert back.alarms == ("forced_open",)
    assert events(run(forced, (20, BACK)), OPEN, 20) == ["door.opened"]
    assert events(run(forced, (20, BACK)), CLOSED, 20) == ["door.closed"]
    assert run(forced, (20, BACK), (20, CLOSED)).alarms == ()


def test_a_door_left_open_is_an_alarm_in_time_however_often_the_board_is_away() -> None:
    state = run(SHUT, (10, Grant()), (11, OPEN), (20, AWAY), (21, BACK), (21, OPEN))
    state = run(state, (30, AWAY), (31, BACK), (31, OPEN))
    at = 11 + SETTINGS.held_open_after
    assert events(run(state, (at - 1, Tick())), Tick(), at) == ["door.held"]
    held = run(state, (at, Tick()), (at + 1, AWAY))
    assert "held_open" in held.alarms
    assert events(run(held, (at + 2, BACK), (at + 2, OPEN)), Tick(), at + 3) == []


def test_a_door_that_nobody_sees_is_not_said_to_be_left_open() -> None:
    away = run(SHUT, (10, Grant()), (11, OPEN), (12, AWAY))
    assert "door.held" not in events(away, Tick(), 100)
    assert "door.held" in events(run(away, (100, BACK), (100, OPEN)), Tick(), 100)


def test_a_door_closed_while_the_board_was_away_is_closed_and_nobody_knows_since_when() -> None:
    state = run(SHUT, (10, Grant()), (11, OPEN), (12, AWAY), (40, BACK))
    after, out = step(state, CLOSED, 40, SETTINGS)
    assert [(e.type, e.values) for e in out if hasattr(e, "type")] == [
        ("door.closed", {"seconds": None})
    ]
    assert (after.open, after.opened) == (False, None)
    assert events(run(SHUT, (10, AWAY), (40, BACK)), CLOSED, 40) == []


def test_an_order_that_ends_while_the_board_is_away_begins_no_time() -> None:
    state = run(SHUT, (10, HoldOpen(100)), (11, OPEN), (12, AWAY), (50, Normal()), (60, BACK))
    assert run(state, (60, OPEN)).open
