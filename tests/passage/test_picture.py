"""What the screen shows of a lane: whose turn comes first, guidance, and notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Mode, Request, Sight
from gate.passage import Context, Lane
from gate.passage.picture import picture
from gate.passage.state import Passage
from gate.recognition.face import Verdict
from gate.screen.message import Look

ANN, BOB = Person(7, "r7"), Person(8, "r8")


def shown(person: Person, outcome: Outcome) -> tuple[str, ...]:
    request = Request(Method.CARD, person, datetime(2026, 3, 2, tzinfo=UTC))
    decision = Decision(outcome, "grant", request, ("welcome", "status_unknown"))
    passage = Passage("p", 0.0, 0.0, person=person, decision=decision)
    context = Context({7: ANN, 8: BOB}, notices={7: "face_enrolled"})
    return picture(Lane(serving=passage), context).advice


def test_somebody_let_in_reads_what_was_learnt() -> None:
    assert shown(ANN, Outcome.GRANT) == ("status_unknown", "face_enrolled")


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.ASK])
def test_somebody_refused_does_not(outcome: Outcome) -> None:
    assert shown(ANN, outcome) == ("status_unknown",)


def test_what_keeps_nobody_out_is_noted_while_nobody_is_served() -> None:
    lane = Lane(note="disk_fault")
    assert (picture(lane, Context({})).look, picture(lane, Context({})).note) == (
        Look.IDLE,
        "disk_fault",
    )
    broken = picture(replace(lane, fault="camera_fault"), Context({}))
    assert (broken.look, broken.note) == (Look.FAULT, "disk_fault")
    assert picture(replace(lane, mode=Mode.FIRE), Context({})).note == ""


def test_nobody_else_reads_it() -> None:
    assert shown(BOB, Outcome.GRANT) == ("status_unknown",)


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GRANTED = Decision(Outcome.GRANT, "grant", Request(Method.FACE, ANN, NOON), ("welcome",))
ANSWERED = Passage("p1", 0.0, 0.0, person=ANN, decision=GRANTED)
WAITING = Passage("p2", 0.0, 0.0)
CONTEXT = Context({7: ANN, 8: BOB})


def code(lane: Lane) -> str:
    return picture(lane, CONTEXT).code


def test_an_open_door_comes_before_whoever_is_served() -> None:
    for mode in (Mode.HELD_OPEN, Mode.EMERGENCY, Mode.FIRE):
        message = picture(
            Lane(mode=mode, serving=ANSWERED, until=NOON, fault="door_fault"), CONTEXT
        )
        assert message.code not in ("welcome", "door_fault")
        assert message.until == NOON


def test_whoever_is_served_in_a_lock_down_is_answered() -> None:
    assert code(Lane(mode=Mode.LOCKDOWN, serving=ANSWERED)) == "welcome"
    assert code(Lane(mode=Mode.LOCKDOWN)) == "lockdown"


def test_nobody_there_is_a_fault_or_nothing() -> None:
    assert code(Lane()) == "idle"
    assert code(Lane(fault="camera_fault")) == "camera_fault"
    assert code(Lane(fault="camera_fault", serving=ANSWERED)) == "welcome"


def test_earlier_answers_stand_beside_it() -> None:
    refused = Passage("p0", 0.0, 0.0, decision=replace(GRANTED, outcome=Outcome.DENY))
    for lane in (Lane(), Lane(serving=WAITING), Lane(fault="camera_fault")):
        assert picture(lane, CONTEXT).earlier == ()
        beside = picture(replace(lane, earlier=(refused, ANSWERED)), CONTEXT).earlier
        assert [answer.look for answer in beside] == [Look.DENY, Look.GRANT]
        assert [answer.passage for answer in beside] == ["p0", "p1"]


def test_nothing_stands_beside_an_open_door_or_a_lock_down() -> None:
    for mode in (Mode.HELD_OPEN, Mode.EMERGENCY, Mode.FIRE, Mode.LOCKDOWN):
        assert picture(Lane(mode=mode, earlier=(ANSWERED,)), CONTEXT).earlier == ()


def test_a_notice_for_nobody_is_shown_to_nobody() -> None:
    order = replace(GRANTED, request=Request(Method.STAFF, None, NOON))
    context = replace(CONTEXT, notices={7: "face_enrolled"})
    message = picture(Lane(serving=Passage("p", 0.0, 0.0, decision=order)), context)
    assert message.advice == ()


SEEN = Sight(Verdict.WAIT)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "look_here"),
        ({"sight": SEEN}, "one_moment"),
        ({"sight": replace(SEEN, guidance="too_dark")}, "too_dark"),
        ({"sight": Sight(Verdict.UNUSABLE)}, "look_here"),
        ({"sight": Sight(Verdict.UNUSABLE, guidance="blurred")}, "blurred"),
        ({"sight": Sight(Verdict.KNOWN, guidance="blurred")}, "one_moment"),
        ({"method": Method.FACE_AND_CARD}, "look_here"),
        ({"method": Method.CARD}, "one_moment"),
        ({"ready": 1.0}, "one_moment"),
        ({"again": 2.0}, "measuring_again"),
        ({"again": 2.0, "decision": GRANTED, "person": ANN}, "welcome"),
    ],
)
def test_what_somebody_who_waits_is_asked_to_do(fields: dict[str, object], expected: str) -> None:
    message = picture(Lane(serving=replace(WAITING, **fields)), CONTEXT)
    assert (message.code, message.passage) == (expected, "p2")
