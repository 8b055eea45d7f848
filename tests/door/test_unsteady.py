"""Which inputs change more often than people can make them."""

from __future__ import annotations

import pytest

from gate.door.state import FireReset
from gate.door.unsteady import CALM, MOST, WITHIN, Unsteady
from tests.door.wired import Gate


def after(changes: int, every: float) -> tuple[Unsteady, int]:
    """An input that changes so often; how often it was said to be unsteady."""
    one, said = Unsteady(), 0
    for number in range(changes):
        one = one.moves(number * every)
        one, begins = one.counts(number * every)
        said += begins
    return one, said


def test_a_door_in_a_rush_is_steady() -> None:
    assert after(1000, 2 * WITHIN / MOST) == (after(1000, 2 * WITHIN / MOST)[0], 0)
    assert not after(1000, 2 * WITHIN / MOST)[0].now


def test_it_is_said_once_at_the_change_that_is_too_many() -> None:
    every = 0.9 * WITHIN / MOST
    assert after(MOST - 1, every)[1] == 0
    assert after(MOST, every)[1] == 1
    assert after(10 * MOST, every)[1] == 1
    assert len(after(10 * MOST, every)[0].counted) == MOST


def test_it_is_steady_again_once_the_wire_has_stood_still() -> None:
    loose, _ = after(MOST, 0.1)
    assert loose.now
    assert loose.moves(loose.moved + WITHIN - 0.1).now
    assert not loose.moves(loose.moved + WITHIN).now
    later = loose.moved + WITHIN - 0.1
    assert loose.moves(later).counts(later)[0].now  # a change that counted is no stillness


def test_two_openings_a_second_are_no_loose_wire() -> None:
    loose, said = after(1000, 0.25)
    assert (loose.now, said) == (False, 0)


def shaken(gate: Gate, name: str, seconds: float) -> None:
    """The wire of an input touches and lets go, ten times a second."""
    for _ in range(round(10 * seconds)):
        gate.board.wires[name] = not gate.board.wires[name]
        gate.wait(0.1)


@pytest.mark.parametrize("name", ["contact", "tamper"])
def test_a_loose_wire_is_reported_once_and_fills_no_record(name: str) -> None:
    gate = Gate()
    shaken(gate, name, 600)
    assert gate.events.count("door.unsteady") == 1
    assert len(gate.events) == MOST + 1


def test_a_door_with_a_loose_contact_is_seen_to_stand_open_once_the_wire_is_still() -> None:
    gate = Gate()
    shaken(gate, "contact", 60)
    gate.board.wires["contact"] = True
    gate.wait(CALM - 0.1)
    before = gate.events.count("door.forced")
    assert gate.controller.state.open is False
    gate.wait(0.2)
    assert gate.controller.state.open
    assert gate.events.count("door.forced") == before + 1
    gate.wait(WITHIN)
    gate.board.wires["contact"] = False
    gate.wait(0.1)
    assert gate.controller.state.open is False


def test_who_presses_the_exit_button_gets_out_however_often_and_is_recorded_once() -> None:
    gate = Gate()
    shaken(gate, "exit", 59)
    assert gate.energised
    assert gate.events == ["door.exit", "door.unlocked", "door.unsteady"]
    gate.wait(20)
    gate.board.wires["exit"] = True
    gate.wait(0.1)
    assert gate.energised
    assert gate.events[-2:] == ["door.exit", "door.unlocked"]


def test_a_fire_waits_for_no_wire_to_be_still() -> None:
    gate = Gate()
    shaken(gate, "fire", 60)
    gate.board.wires["fire"] = False
    gate.wait(0.1)
    gate.handle(FireReset())
    assert not gate.energised
    gate.board.wires["fire"] = True
    gate.wait(0.1)
    assert gate.energised
