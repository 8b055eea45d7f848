"""The main loop under orders: opened by staff, held open, locked down, an emergency, fire."""

from __future__ import annotations

import pytest

from gate.access.request import Mode
from gate.daemon.orders import Order
from gate.screen.message import Look
from tests.daemon.loop_gate import LI, Gate


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_staff_open_the_door_and_the_event_says_who(gate: Gate) -> None:
    gate.loop.handle(Order("open", "desk:wang"))
    assert gate.journal[:2] == ["passage.granted", "relay on"]
    event = gate.event("passage.granted")
    assert (event.method, event.rule, event.person) == ("staff", "staff", None)
    assert event.reasons == ("staff_order",)
    assert event.details["values"]["order"] == "desk:wang"


def test_a_door_held_open_by_order_locks_by_itself(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "desk", 10.0))
    assert gate.open
    assert gate.loop.lane.mode is Mode.HELD_OPEN
    gate.wait(9.5)
    assert gate.open
    gate.wait(1.0)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL


def test_an_emergency_without_a_time_lasts_as_long_as_configured(gate: Gate) -> None:
    gate.loop.handle(Order("emergency", "desk"))
    assert gate.loop.lane.mode is Mode.EMERGENCY
    assert gate.screen.message is not None
    assert gate.screen.message.look is Look.EMERGENCY
    gate.wait(59.0)
    assert gate.open
    gate.wait(2.0)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL


def test_in_a_lockdown_nobody_enters_until_normal(gate: Gate) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.card(LI)
    assert not gate.open
    assert "passage.granted" not in gate.types
    gate.loop.handle(Order("normal", "desk"))
    gate.wait(6.0)
    gate.card(LI)
    assert gate.open


@pytest.mark.parametrize("kind", ["hold", "emergency"])
def test_an_order_the_door_refuses_leaves_the_mode_as_it_is(gate: Gate, kind: str) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.loop.handle(Order(kind, "desk", 30.0))
    assert "door.refused" in gate.types
    assert gate.loop.lane.mode is Mode.LOCKDOWN
    assert not gate.open


def test_an_order_nobody_knows_is_a_mistake_of_the_caller(gate: Gate) -> None:
    with pytest.raises(ValueError, match="no order"):
        gate.loop.handle(Order("explode", "desk"))
    assert gate.types == []


def test_fire_opens_the_door_until_reset_by_hand(gate: Gate) -> None:
    gate.wire("fire", True)
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.open, "the fire input still says fire"
    assert gate.loop.lane.mode is Mode.FIRE
    gate.wire("fire", False)
    assert gate.open, "latched until reset by hand"
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.loop.lane.mode is Mode.NORMAL
    assert not gate.open


def test_the_end_of_a_hold_and_normal_do_not_end_a_fire(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "desk", 5.0))
    gate.wire("fire", True)
    gate.wait(6.0)
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE
    gate.loop.handle(Order("normal", "desk"))
    assert gate.open
    assert gate.loop.lane.mode is Mode.FIRE


def test_a_lockdown_stands_again_after_the_fire(gate: Gate) -> None:
    gate.loop.handle(Order("lockdown", "desk"))
    gate.wire("fire", True)
    assert gate.open
    gate.wire("fire", False)
    gate.loop.handle(Order("fire_reset", "desk"))
    assert gate.loop.lane.mode is Mode.LOCKDOWN
    gate.card(LI)
    assert not gate.open


def test_a_schedule_ends_only_the_hold_it_ordered_itself(gate: Gate) -> None:
    gate.loop.handle(Order("hold", "schedule", 600.0))
    gate.wait(1)
    assert gate.open
    gate.loop.handle(Order("hold_ends", "schedule"))
    gate.wait(1)
    assert not gate.open
    gate.loop.handle(Order("hold", "desk:wang", 600.0))
    gate.wait(1)
    gate.loop.handle(Order("hold_ends", "schedule"))
    gate.wait(1)
    assert gate.open
    gate.loop.handle(Order("lockdown", "desk:wang"))
    gate.loop.handle(Order("hold_ends", "schedule"))
    assert gate.loop.controller.state.lockdown


def test_whoever_gave_an_emergency_may_end_it_and_nobody_else_by_this_order(gate: Gate) -> None:
    gate.loop.handle(Order("emergency", "li", 600.0))
    assert gate.open
    gate.loop.handle(Order("emergency_ends", "wang"))
    assert gate.open
    assert gate.event("door.refused").details["reason"] == "not_yours"
    gate.loop.handle(Order("emergency_ends", "li"))
    gate.wait(0.5)
    assert not gate.open
    assert gate.loop.lane.mode is Mode.NORMAL
    gate.loop.handle(Order("hold", "li", 600.0))
    gate.loop.handle(Order("emergency_ends", "li"))
    assert gate.open, "a hold-open is no emergency"


def test_an_opening_ordered_in_a_fire_is_over_at_once(gate: Gate) -> None:
    gate.wire("fire", True)
    gate.loop.handle(Order("open", "desk"))
    asked = gate.event("passage.asked")
    assert asked.rule == "fire"
    over = gate.event("passage.ended")
    assert (over.passage, over.details) == (asked.passage, {"passed": None})
