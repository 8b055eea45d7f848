"""A grant that the door, or the site's controller, does not carry out: nobody has passed by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Person
from gate.daemon.grants import Grants
from gate.daemon.orders import Order
from gate.daemon.site_controller import ControllerAnswer
from gate.door.settings import DoorSettings
from gate.events.event import Event
from gate.passage import outputs
from tests.daemon.loop_gate import DOOR, LI, Gate
from tests.daemon.test_event_loop_controller import with_controller

WANG = Person(7, "7" * 32, name="王芳")


@pytest.fixture
def gate() -> Gate:
    return Gate()


def ended(gate: Gate) -> dict[str | None, object]:
    """Whether those whose passage is over went through, by their pseudonym's first digit."""
    people = {e.passage: e.person for e in gate.recorder.events if e.type == "passage.granted"}
    over: list[Event] = [e for e in gate.recorder.events if e.type == "passage.ended"]
    assert len({e.passage for e in over}) == len(over)
    return {(people[e.passage] or "?")[0]: e.details["passed"] for e in over}


def walk(gate: Gate) -> None:
    gate.wire("contact", True)
    gate.wire("contact", False)


def test_whom_a_board_that_is_away_keeps_out_has_not_passed(gate: Gate) -> None:
    gate.board.fault = "no answer"
    gate.wait(0.1)
    gate.card(LI)
    assert gate.event("door.refused").details == {"asked": "grant", "reason": "fault"}
    assert ended(gate) == {"1": False}
    gate.board.fault = ""
    gate.wait(9)
    gate.card(WANG)
    walk(gate)
    assert ended(gate) == {"1": False, "7": True}


def test_whom_the_controller_refuses_has_not_passed_when_the_door_closes_behind_another(
    gate: Gate,
) -> None:
    with_controller(gate, "both")
    gate.card(WANG)
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1)
    gate.card(LI)  # the controller is asked while the other one walks
    walk(gate)
    assert ended(gate) == {"7": True}
    gate.loop.handle(ControllerAnswer(False))
    assert ended(gate) == {"7": True, "1": False}


def test_whom_the_controller_refuses_ends_no_passage_of_another(gate: Gate) -> None:
    with_controller(gate, "both")
    gate.card(WANG)
    gate.loop.handle(ControllerAnswer(True))
    gate.wait(1)
    gate.card(LI)
    gate.loop.handle(ControllerAnswer(False))
    assert ended(gate) == {"1": False}
    walk(gate)
    assert ended(gate) == {"1": False, "7": True}


def test_whom_the_controller_refuses_has_not_passed_where_there_is_no_contact() -> None:
    gate = Gate(DoorSettings(contact=False, input_debounce=0))
    with_controller(gate, "both")
    gate.card(LI)
    gate.loop.handle(ControllerAnswer(False))
    assert ended(gate) == {"1": False}


def test_whom_a_lock_down_keeps_out_at_the_last_moment_has_not_passed(gate: Gate) -> None:
    with_controller(gate, "both")
    gate.card(LI)
    gate.loop.handle(Order("lockdown", "guard"))
    gate.loop.handle(ControllerAnswer(True))
    assert ended(gate) == {"1": False}
    gate.loop.handle(Order("normal", "guard"))
    gate.wait(9)
    gate.card(WANG)
    gate.loop.handle(ControllerAnswer(True))
    walk(gate)
    assert ended(gate) == {"1": False, "7": True}


def test_who_was_in_the_open_door_when_the_board_was_lost_is_not_counted_by_the_next(
    gate: Gate,
) -> None:
    gate.card(LI)
    gate.wire("contact", True)
    gate.board.fault = "no answer"
    gate.wait(0.5)
    gate.board.wires["contact"] = False
    gate.board.fault = ""
    gate.wait(9)
    assert ended(gate) == {"1": None}  # nobody saw the door close
    gate.card(WANG)
    walk(gate)
    assert ended(gate) == {"1": None, "7": True}
    assert "passage.tailgating" not in gate.types


def test_whoever_opens_the_door_just_after_it_has_locked_has_passed(gate: Gate) -> None:
    gate.loop.handle(replace(gate.loop.context, grace=DOOR.forced_grace))
    gate.card(LI)
    gate.wait(DOOR.unlock + 0.1)
    assert gate.types[-1] == "door.locked"
    gate.wire("contact", True)
    assert gate.types[-1] == "door.opened"  # it belongs to the grant still
    gate.wait(2)
    gate.wire("contact", False)
    assert ended(gate) == {"1": True}


def test_whoever_does_not_open_it_by_then_has_not_passed_by_a_forced_door(gate: Gate) -> None:
    gate.loop.handle(replace(gate.loop.context, grace=DOOR.forced_grace))
    gate.card(LI)
    gate.wait(DOOR.unlock + DOOR.forced_grace + 0.2)
    assert ended(gate) == {"1": False}
    gate.wire("contact", True)
    assert gate.types[-1] == "door.forced"
    gate.wire("contact", False)
    assert ended(gate) == {"1": False}


def answers(gate: Gate) -> list[bool]:
    """What the readers of a gate show, from now on."""
    grants, lights = Grants(), list[bool]()

    def heard(output: outputs.Output, now: float) -> None:
        light = grants.heard(output)
        if light is not None:
            lights.append(light)

    gate.loop.listen(heard)
    return lights


def test_readers_are_green_once_the_door_is_released_and_red_where_it_stays_shut(
    gate: Gate,
) -> None:
    lights = answers(gate)
    gate.card(LI)
    assert lights == [True]
    gate.wait(9)
    gate.board.fault = "no answer"
    gate.wait(0.1)
    gate.card(WANG)
    assert lights == [True, False]


@pytest.mark.parametrize(
    ("decides", "said", "light"),
    [("both", True, True), ("both", False, False), ("controller", True, True)],
)
def test_readers_wait_for_the_sites_controller(
    gate: Gate, decides: str, said: bool, light: bool
) -> None:
    with_controller(gate, decides)
    lights = answers(gate)
    gate.card(LI)
    gate.wait(0.5)
    assert lights == []
    gate.loop.handle(ControllerAnswer(said))
    assert lights == [light]
    gate.wait(9)
    assert lights == [light]


def test_a_lock_down_after_the_controllers_yes_is_red(gate: Gate) -> None:
    with_controller(gate, "both")
    lights = answers(gate)
    gate.card(LI)
    gate.loop.handle(Order("lockdown", "guard"))
    gate.loop.handle(ControllerAnswer(True))
    assert lights == [False]
