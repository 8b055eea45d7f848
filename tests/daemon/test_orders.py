"""Which orders are refused or needless, and what the door is given for the others."""

from __future__ import annotations

import pytest

from gate.access.request import Mode
from gate.daemon.orders import Hold, Order, meaning, mode_of, refusal, unended
from gate.door.state import DoorState, FireReset, HoldOpen, Input, Lockdown, Normal

SHUT = DoorState(open=False)
LOCKED = DoorState(open=False, lockdown=True)
HELD = DoorState(open=False, hold_until=100.0)
EMERGENCY = Hold(Mode.EMERGENCY, "hub")


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        ("open", SHUT, ""),
        ("open", LOCKED, "lockdown"),
        ("hold", LOCKED, "lockdown"),
        ("emergency", LOCKED, "lockdown"),
        ("normal", LOCKED, ""),
        ("open", DoorState(fault="no answer"), "fault"),
        ("hold", DoorState(fault="no answer"), ""),
        ("fire_reset", DoorState(fire=True, fire_input=True), "fire"),
        ("fire_reset", DoorState(fire=True), ""),
        ("open", DoorState(fire=True, fire_input=True), ""),
    ],
)
def test_what_is_refused(kind: str, state: DoorState, reason: str) -> None:
    assert refusal(kind, "li", state, Hold()) == reason


def test_an_emergency_is_ended_by_whom_it_was_ordered() -> None:
    assert refusal("emergency_ends", "hub", HELD, EMERGENCY) == ""
    assert refusal("emergency_ends", "li", HELD, EMERGENCY) == "not_yours"
    assert refusal("emergency_ends", "hub", HELD, Hold(Mode.HELD_OPEN, "hub")) == "not_yours"


def test_only_the_own_hold_that_lasts_is_ended() -> None:
    ends, mine = Order("hold_ends", "li"), Hold(by="li")
    assert unended(ends, HELD, mine, 50) == Order("normal", "li")
    assert unended(ends, HELD, mine, 98) is None, "it ends by itself in a moment"
    assert unended(ends, HELD, Hold(by="wang"), 50) is None
    assert unended(ends, SHUT, mine, 50) is None


def test_an_emergency_that_is_over_is_not_ended() -> None:
    ends = Order("emergency_ends", "hub")
    assert unended(ends, HELD, EMERGENCY, 50) == Order("normal", "hub")
    assert unended(ends, SHUT, EMERGENCY, 50) is None
    assert unended(Order("lockdown", "li"), SHUT, Hold(), 50) == Order("lockdown", "li")


@pytest.mark.parametrize(
    ("order", "given"),
    [
        (Order("hold", "li", 30), HoldOpen(40, "li")),
        (Order("emergency", "hub"), HoldOpen(610, "emergency")),
        (Order("emergency", "hub", 30), HoldOpen(40, "emergency")),
        (Order("lockdown", "li"), Lockdown()),
        (Order("fire_reset", "li"), FireReset()),
        (Order("normal", "li"), Normal()),
    ],
)
def test_what_the_door_is_given(order: Order, given: Input) -> None:
    assert meaning(order, 10, emergency=600) == given


def test_there_are_no_other_orders() -> None:
    with pytest.raises(ValueError, match="no order 'dance'"):
        meaning(Order("dance", "li"), 10, 600)


@pytest.mark.parametrize(
    ("state", "mode"),
    [
        (SHUT, (Mode.NORMAL, None)),
        (HELD, (Mode.EMERGENCY, 100.0)),
        (LOCKED, (Mode.LOCKDOWN, None)),
        (DoorState(fire=True, lockdown=True, hold_until=100.0), (Mode.FIRE, None)),
    ],
)
def test_the_mode_is_what_the_door_does(state: DoorState, mode: tuple[Mode, float | None]) -> None:
    assert mode_of(state, EMERGENCY) == mode
