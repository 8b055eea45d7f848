"""Whoever was let in, until the door has closed behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from gate.access.request import Mode
from gate.passage import Context
from gate.passage.inputs import (
    Agreed,
    Asked,
    ContactLost,
    DoorClosed,
    DoorLocked,
    DoorOpened,
    NotReleased,
    Ordered,
)
from gate.passage.outputs import Decided, EventOut, Open, Show
from gate.recognition.face import Verdict
from gate.screen.message import Look
from tests.passage.scene import (
    CONTEXT,
    GUEST,
    LI,
    WANG,
    Gate,
    ended,
    face,
    let_in,
    passing,
    types,
)

REFUSED = ("door", "controller", "elsewhere")


By = Literal["door", "controller", "elsewhere"]


def test_somebody_who_waits_for_the_controller_passes_by_no_door() -> None:
    gate = let_in(1, 2)
    assert passing(gate) == [("p1", False), ("p2", True)]
    gate.give(DoorOpened())
    gate.give(DoorClosed())
    assert ended(gate) == {"p1": True}
    gate.give(DoorLocked(entered=False))
    assert ended(gate) == {"p1": True}
    gate.give(DoorOpened())
    gate.give(ContactLost())
    assert ended(gate) == {"p1": True}
    assert passing(gate) == [("p2", True)]
    gate.give(Agreed("p2"))
    assert gate.all(Open)[-1] == Open("p2", extended=True, agreed=True)
    assert passing(gate) == [("p2", False)]
    gate.give(DoorOpened())
    gate.give(DoorClosed())
    assert ended(gate) == {"p1": True, "p2": True}


def test_one_who_waits_is_no_tailgater_of_whoever_passes() -> None:
    gate = let_in(1, 2)
    gate.give(DoorOpened())
    gate.look(1.5, face(5, Verdict.UNKNOWN), face(6, Verdict.UNKNOWN))
    gate.wait(2)
    gate.give(DoorClosed())
    hint = next(e for e in gate.all(EventOut) if e.type == "passage.tailgating")
    assert (hint.passage, dict(hint.details)) == ("p1", {"granted": 1, "passed": 2})
    alone = let_in(2)
    alone.give(DoorOpened())
    alone.look(1.5, face(5, Verdict.UNKNOWN), face(6, Verdict.UNKNOWN))
    alone.wait(2)
    alone.give(DoorClosed())
    assert "passage.tailgating" not in types(alone)


@pytest.mark.parametrize("by", REFUSED)
@pytest.mark.parametrize("contact", [True, False])
def test_whoever_the_door_does_not_open_for_has_not_passed(by: By, contact: bool) -> None:
    gate = let_in(1, 2, asked=False)
    gate.context = replace(CONTEXT, contact=contact)
    gate.give(NotReleased("p2", by))
    unknown = by == "elsewhere" and not contact
    assert ended(gate) == {"p2": None if unknown else False}
    assert passing(gate) == [("p1", False)]
    gate.give(NotReleased("p2", by))
    gate.give(NotReleased("p7", by))
    assert len(ended(gate)) == len([t for t in types(gate) if t == "passage.ended"]) == 1


def test_nobody_is_welcomed_at_a_door_that_refuses() -> None:
    gate = Gate()
    gate.card(LI)
    gate.give(NotReleased("p1", "door"))
    assert gate.lane.serving is None
    assert gate.looks[-1] is Look.IDLE
    gate.now += 1
    gate.card(LI)  # still lying on the reader
    assert len(gate.all(Decided)) == 1
    gate.card(WANG)
    gate.give(NotReleased("p1", "door"))
    assert gate.lane.serving is not None
    for by in ("controller", "elsewhere"):  # these have their own words for it
        gate = Gate()
        gate.card(LI)
        gate.give(NotReleased("p1", by))  # type: ignore[arg-type]
        assert gate.lane.serving is not None


def test_no_earlier_answer_welcomes_them_either() -> None:
    gate = Gate()
    gate.card(LI)
    gate.card(WANG)
    assert [p.id for p in gate.lane.earlier] == ["p1"]
    gate.give(NotReleased("p1", "door"))
    assert gate.lane.earlier == ()
    assert gate.lane.serving is not None
    assert gate.all(Show)[-1].message.earlier == ()


def test_a_face_the_door_refuses_is_served_again_as_often_as_it_takes() -> None:
    gate = Gate()
    for n in range(4):
        gate.see(face(1, Verdict.KNOWN, 1))
        assert len(gate.granted) == n + 1
        gate.give(NotReleased(gate.lane.passing[-1].id, "door"))
        gate.look(7.8, face(1, Verdict.KNOWN, 1))
        assert len(gate.granted) == n + 1
        gate.wait(0.3)


def test_a_face_the_controller_refuses_is_asked_about_twice() -> None:
    gate = Gate()
    for _ in range(4):
        gate.see(face(1, Verdict.KNOWN, 1))
        for each in gate.lane.passing:
            gate.give(NotReleased(each.id, "controller"))
        gate.look(8.2, face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1, 1]


def test_whoever_was_in_the_door_when_its_contact_was_lost_is_known_to_nobody() -> None:
    gate = let_in(1, asked=False)
    gate.give(ContactLost())
    assert ended(gate) == {}  # the door was not open yet
    gate.give(DoorOpened())
    gate.give(ContactLost())
    assert ended(gate) == {"p1": None}
    assert gate.lane.opened is None
    gate.give(DoorClosed())
    assert ended(gate) == {"p1": None}


@pytest.mark.parametrize(
    ("contact", "seen", "passed"), [(True, True, False), (True, False, None), (False, True, None)]
)
def test_an_unlock_that_ends_says_what_is_known(
    contact: bool, seen: bool, passed: bool | None
) -> None:
    gate = let_in(1, asked=False)
    gate.context = replace(CONTEXT, contact=contact)
    gate.give(DoorLocked(entered=False, seen=seen))
    assert ended(gate) == {"p1": passed}


def crowd(gate: Gate) -> None:
    gate.look(1.5, face(5, Verdict.UNKNOWN), face(6, Verdict.UNKNOWN))
    gate.wait(2)


def test_a_hint_of_tailgating_needs_an_opening_and_a_door_that_is_not_held() -> None:
    for opens, mode, hint in (
        (True, Mode.NORMAL, True),
        (False, Mode.NORMAL, False),
        (True, Mode.LOCKDOWN, False),
    ):
        gate = let_in(1, asked=False)
        if opens:
            gate.give(DoorOpened())
        crowd(gate)
        gate.give(Ordered(mode))
        gate.give(DoorClosed())
        assert ("passage.tailgating" in types(gate)) is hint
    gate = let_in(1, asked=False)
    gate.give(DoorOpened())
    gate.wait(2)
    gate.give(DoorClosed())
    assert "passage.tailgating" not in types(gate)
    assert gate.lane.opened is None


GRACE = replace(CONTEXT, grace=0.5)


def locked(context: Context = GRACE, wait: float = 0.0) -> Gate:
    """Somebody was let in by their face, and the door has locked unopened."""
    gate = Gate(context)
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(3)
    gate.give(DoorLocked(entered=False))
    gate.wait(wait)
    return gate


def test_an_opening_just_after_the_lock_belongs_to_the_grant() -> None:
    gate = locked(wait=0.4)
    assert ended(gate) == {}
    gate.give(DoorOpened())
    gate.wait(5)
    gate.give(DoorLocked(entered=False))
    assert ended(gate) == {}
    gate.give(DoorClosed())
    assert ended(gate) == {"p1": True}


def test_after_that_nobody_has_passed() -> None:
    gate = locked(wait=0.5)
    assert ended(gate) == {"p1": False}
    assert gate.lane.passing == ()
    track = gate.lane.scene.tracks["main", 1]
    assert track.again_from == gate.now + GRACE.settings.same_person
    gate.give(DoorOpened())
    gate.give(DoorClosed())
    assert ended(gate) == {"p1": False}


def test_a_forced_door_is_not_opened_by_whoever_it_has_locked_for() -> None:
    gate = locked(wait=0.4)
    gate.give(DoorOpened(forced=True))
    assert ended(gate) == {"p1": False}
    assert gate.lane.opened == gate.now
    released = let_in(1, asked=False)
    released.give(DoorOpened(forced=True))
    assert ended(released) == {}


def test_a_second_lock_gives_the_first_no_longer_time() -> None:
    gate = locked(wait=0.4)
    gate.card(WANG)
    gate.give(DoorLocked(entered=False))
    gate.wait(0.1)
    assert ended(gate) == {"p1": False}
    assert passing(gate) == [("p2", False)]
    gate.wait(0.4)
    assert ended(gate) == {"p1": False, "p2": False}


def test_the_controllers_question_outlasts_the_lock() -> None:
    gate = let_in(1, 2)
    gate.context = GRACE
    gate.give(DoorLocked(entered=False))
    gate.wait(9)
    assert passing(gate) == [("p2", True)]


def test_a_contact_lost_just_after_the_lock_leaves_the_opening_unknown() -> None:
    gate = locked(wait=0.4)
    gate.give(ContactLost())
    assert ended(gate) == {"p1": None}
    assert gate.lane.passing == ()


def test_a_lock_while_the_door_stands_open_ends_nothing() -> None:
    for opens, entered, seen in ((True, False, True), (True, False, False), (False, True, True)):
        gate = let_in(1, asked=False)
        if opens:
            gate.give(DoorOpened())
        gate.give(DoorLocked(entered=entered, seen=seen))
        assert ended(gate) == {}
        assert passing(gate) == [("p1", False)]


def test_whoever_waits_for_the_controller_is_on_the_screen_until_it_answers() -> None:
    for answer in (Agreed("p1"), NotReleased("p1", "controller"), NotReleased("p1", "elsewhere")):
        gate = let_in(1)
        gate.wait(4)
        assert gate.looks[-1] is Look.IDLE  # nobody waits for anything
        gate = Gate()
        gate.card(LI)
        gate.give(Asked("p1"))
        gate.wait(4)
        assert gate.looks[-1] is Look.GRANT
        gate.give(answer)
        gate.wait(1.9)
        assert gate.looks[-1] is Look.GRANT
        gate.wait(0.1)
        assert gate.looks[-1] is Look.IDLE


@pytest.mark.parametrize("seconds", [0, 5])
def test_the_controllers_answer_about_one_keeps_nobody_else_on_the_screen(seconds: int) -> None:
    for answer in (Agreed("p1"), NotReleased("p1", "controller")):
        gate = Gate()
        gate.card(LI)
        gate.give(Asked("p1"))
        gate.card(WANG)
        gate.wait(1.5)
        if seconds:
            gate.wait(seconds)  # until there is nobody on the screen
        gate.give(answer)
        gate.wait(0.5)
        assert gate.looks[-1] is Look.IDLE


@pytest.mark.parametrize(
    "answer", [Agreed("p1"), NotReleased("p1", "controller"), NotReleased("p1", "elsewhere")]
)
def test_nor_do_they_lose_sight_of_it_when_they_made_room(
    answer: Agreed | NotReleased,
) -> None:
    def beside(gate: Gate) -> list[str]:
        return [each.passage for each in gate.messages[-1].earlier]

    gate = Gate()
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.card(WANG)
    gate.wait(1)
    gate.card(GUEST)
    assert beside(gate) == ["p1", "p2"]
    gate.wait(1.5)  # longer than anybody else
    assert beside(gate) == ["p1"]
    gate.give(answer)
    gate.wait(1.9)
    assert beside(gate) == ["p1"]
    gate.wait(0.1)
    assert beside(gate) == []


def three_on_the_screen(asked: str) -> Gate:
    gate = Gate()
    for person in (LI, WANG, GUEST):
        gate.card(person)
        gate.give(Asked(asked))
        gate.wait(0.5)
    return gate


def decided(gate: Gate) -> list[tuple[str, float]]:
    return [(p.id, p.decided) for p in (*gate.lane.earlier, gate.lane.serving) if p is not None]


def test_the_controllers_answer_is_the_newest_of_those_that_made_room() -> None:
    gate = three_on_the_screen("p1")
    assert decided(gate) == [("p1", 100.0), ("p2", 100.5), ("p3", 101.0)]
    gate.give(Agreed("p1"))
    assert decided(gate) == [("p2", 100.5), ("p1", 101.5), ("p3", 101.0)]
    gate = three_on_the_screen("p2")
    gate.give(Agreed("p2"))
    assert decided(gate) == [("p1", 100.0), ("p2", 101.5), ("p3", 101.0)]


def test_its_answer_about_one_who_is_on_the_screen_no_more_changes_no_other() -> None:
    gate = three_on_the_screen("p1")
    gate.lane = replace(gate.lane, earlier=gate.lane.earlier[1:])
    gate.give(Agreed("p1"))
    assert decided(gate) == [("p2", 100.5), ("p3", 101.0)]


def test_somebody_known_who_comes_next_is_served_meanwhile() -> None:
    gate = Gate()
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.look(1.5, face(2, Verdict.KNOWN, 2))
    assert gate.granted == [1, 2]
