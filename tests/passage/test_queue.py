"""Scenes of several people, and of several cameras that see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate.access.decision import Outcome
from gate.access.request import Finding, Weight
from gate.access.settings import PassageSettings
from gate.passage.inputs import (
    DoorClosed,
    DoorOpened,
)
from gate.passage.outputs import (
    AskStatus,
    Began,
    Decided,
    EventOut,
    Show,
)
from gate.recognition.face import Sighting, Unusable, Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, LI, Gate, face


def test_the_nearer_of_two_is_served_first_and_the_next_right_after() -> None:
    gate = Gate()
    gate.look(2.5, face(1, Verdict.KNOWN, 1, size=80), face(2, Verdict.KNOWN, 2, size=120))
    assert gate.granted == [2, 1]
    first, second = gate.when(Decided)
    assert second - first == pytest.approx(gate.context.settings.make_room, abs=0.11)
    assert gate.all(Decided)[1].queued >= 0


def test_who_was_let_in_stays_readable_while_the_next_is_served() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.KNOWN, 1, size=120))
    gate.look(2.5, face(1, Verdict.KNOWN, 1, size=120), face(2, Verdict.KNOWN, 2))
    pages = [(at, o.message) for at, o in gate.log if isinstance(o, Show)]
    first, second, after, idle = [m for _, m in pages if m.look in (Look.GRANT, Look.IDLE)]
    assert (first.name, first.earlier) == ("李*红", ())
    assert second.name == "王*"
    assert [answer.name for answer in second.earlier] == ["李*红"]
    assert (after.name, after.earlier) == ("王*", ())  # the earlier answer is over sooner
    assert (idle.look, idle.earlier) == (Look.IDLE, ())
    gone = next(at for at, m in pages if m is after)
    assert gone - pages[0][0] == pytest.approx(2 * gate.context.settings.show_grant, abs=0.11)


def test_an_earlier_answer_ends_by_the_wake_though_nobody_is_there() -> None:
    gate = Gate()
    gate.card(LI)
    gate.wait(0.2)
    gate.card(None, "card_unknown")
    assert gate.all(Show)[-1].message.earlier
    while gate.looks[-1] is not Look.IDLE:
        wake = gate.wakes()
        gate.wait(wake - gate.now)
    assert gate.when(Show) == [0.0, 0.2, 2.0, 4.2]


def test_a_refusal_stays_large_longer_than_a_welcome_and_an_advice_longer_still() -> None:
    settings = CONTEXT.settings
    for weight, stays in (
        (Weight.ADVISE, settings.show_grant),
        (Weight.REQUIRE, 2 * settings.make_room),
    ):
        gate = Gate(replace(CONTEXT, temperature=True, settings=PassageSettings(measure_again=0)))
        gate.see(face(1, Verdict.KNOWN, 1, size=120))
        gate.temperature(38.0, weight)
        gate.look(2.5, face(1, Verdict.KNOWN, 1, size=120), face(2, Verdict.KNOWN, 2))
        first, second = gate.when(Decided)
        assert second - first == pytest.approx(stays, abs=0.11)


def two(verdict: Verdict, person: int | None = None, **fields: float) -> list[Sighting]:
    """One face that two cameras see."""
    return [
        face(7, verdict, person, camera="left", **fields),
        face(8, verdict, person, camera="right", **fields),
    ]


def test_a_stranger_whom_two_cameras_see_is_reported_once_and_holds_up_nobody() -> None:
    gate = Gate()
    stranger = two(Verdict.UNKNOWN, size=150)
    gate.look(0.3, *stranger)
    behind = [face(3, Verdict.KNOWN, 1, camera=camera) for camera in ("left", "right")]
    gate.look(2.5, *stranger, *behind)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown", "welcome"]
    refused, granted = gate.when(Decided)
    assert granted - refused == pytest.approx(2 * gate.context.settings.make_room, abs=0.11)
    gate.look(2.5, *stranger)  # and once more, when that was a while ago
    assert [d.decision.reasons[0] for d in gate.all(Decided)][2:] == ["face_unknown"]


def test_whoever_was_let_in_by_card_is_not_refused_for_their_face_afterwards() -> None:
    gate = Gate()
    gate.look(0.1, *two(Verdict.WAIT))
    gate.card(LI)
    gate.look(3.0, *two(Verdict.UNKNOWN))
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["welcome"]


def test_a_card_that_opens_nothing_leaves_the_face_to_be_answered() -> None:
    gate = Gate()
    gate.look(0.1, *two(Verdict.WAIT))
    gate.card(None, "card_unknown")
    gate.look(2.0, *two(Verdict.KNOWN, 2))
    assert gate.granted == [2]


def test_somebody_else_in_the_place_of_the_one_who_was_answered_is_served_when_known() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.UNKNOWN, camera="left"), face(2, Verdict.WAIT, camera="right"))
    gate.look(1.5, face(2, Verdict.KNOWN, 1, camera="right"))
    assert gate.granted == [1]


def test_the_second_nearest_of_one_camera_is_that_of_the_other() -> None:
    gate = Gate()
    near, far = two(Verdict.WAIT, size=150), two(Verdict.UNUSABLE, size=60)
    far = [replace(s, track=s.track + 10, guidance=Unusable.BLURRED) for s in far]
    gate.look(0.2, *near, *far)
    gate.look(0.2, replace(near[0], verdict=Verdict.UNKNOWN), near[1], *far)
    answered = {key for key, t in gate.lane.scene.tracks.items() if t.answered is not None}
    assert answered == {("left", 7), ("right", 8)}


def test_somebody_unreadable_in_front_does_not_hold_up_the_queue() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.BLURRED, size=200))
    gate.look(2, face(1, Verdict.UNUSABLE, guidance=Unusable.BLURRED, size=200), face(2, person=1))
    assert gate.granted == [1]


def test_whom_the_other_camera_knows_already_is_served_without_waiting_for_the_first() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 1, evidence=2, camera="left"))
    left = face(1, Verdict.WAIT, 1, evidence=2, camera="left")
    gate.look(1.5, left, face(2, Verdict.KNOWN, 1, size=80, camera="right"))
    assert gate.granted == [1]
    assert gate.when(Decided) == [0.2]
    assert not any(event.type == "passage.abandoned" for event in gate.all(EventOut))


def test_an_attack_that_one_camera_sees_is_refused_though_the_other_knows_the_face() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 1, evidence=2, camera="left"))
    left = face(1, Verdict.ATTACK, 1, camera="left")
    gate.see(left, face(2, Verdict.KNOWN, 1, size=80, camera="right"))
    assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.DENY]


def test_somebody_else_whom_the_other_camera_knows_waits_for_the_nearer_one() -> None:
    gate = Gate()
    left = face(1, Verdict.WAIT, 1, evidence=2, camera="left")
    gate.look(0.2, left)
    gate.look(0.4, left, face(2, Verdict.KNOWN, 2, size=80, camera="right"))
    assert gate.granted == []


def test_more_people_than_were_granted_is_a_hint() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.KNOWN, 1), face(2, Verdict.WAIT, size=60))
    gate.give(DoorOpened())
    gate.look(0.5, face(2, Verdict.WAIT, size=60))
    gate.wait(2)
    gate.give(DoorClosed())
    hints = [e for e in gate.all(EventOut) if e.type == "passage.tailgating"]
    assert [h.details for h in hints] == [{"granted": 1, "passed": 2}]


def test_one_person_through_an_open_door_is_no_hint() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.KNOWN, 1))
    gate.give(DoorOpened())
    gate.wait(2)
    gate.give(DoorClosed())
    assert [e.type for e in gate.all(EventOut)] == ["passage.ended"]


def test_a_second_camera_that_did_not_know_the_same_face_makes_no_hint() -> None:
    gate = Gate()
    left, right = face(1, person=1, camera="left"), face(2, Verdict.WAIT, 1, camera="right")
    gate.look(0.5, left, right)
    gate.give(DoorOpened())
    gate.look(0.5, left, right)
    gate.wait(2)
    gate.give(DoorClosed())
    assert "passage.tailgating" not in [e.type for e in gate.all(EventOut)]
    assert gate.granted == [1]


def test_who_did_not_stay_to_read_a_refusal_keeps_nobody_waiting() -> None:
    for verdict in (Verdict.UNKNOWN, Verdict.DOUBTFUL):
        gate = Gate()
        gate.look(0.2, face(1, verdict))
        gate.look(1.0, face(2, Verdict.WAIT, 2, evidence=1))
        assert len(gate.all(Began)) == 1  # perhaps they only looked away
        gate.look(0.8, face(2, Verdict.WAIT, 2, evidence=1))
        assert len(gate.all(Began)) == 2


def test_the_status_of_who_comes_next_is_asked_for_before_their_turn() -> None:
    gate = Gate(replace(CONTEXT, status=True))
    nearest, behind = face(1, person=1, size=120), face(2, Verdict.WAIT, 2, size=80, evidence=6)
    gate.look(0.3, nearest, behind)
    asked = [(o.passage != "", o.person.id) for o in gate.all(AskStatus)]
    assert sorted(asked) == [(False, 2), (True, 1)]


def test_the_other_camera_asks_nobody_for_a_card_who_was_let_in_just_now() -> None:
    for verdict in (Verdict.WAIT, Verdict.DOUBTFUL, Verdict.UNKNOWN):
        gate = Gate()
        weak = face(2, verdict, 1, evidence=-1, camera="right", size=150)
        gate.look(0.2, face(1, person=1, camera="left"))
        gate.look(4.0, weak)
        assert gate.granted == [1]
        assert len(gate.all(Decided)) == 1


@pytest.mark.parametrize(
    ("other", "behind"),
    [
        (face(2, Verdict.UNKNOWN, size=120), True),
        (face(2, Verdict.UNKNOWN, size=105), False),  # beside, not before
        (face(2, Verdict.UNKNOWN, size=60), False),
        (face(2, Verdict.UNKNOWN, size=120, camera="way-out"), False),
    ],
)
def test_who_stands_behind_somebody_nearer(other: Sighting, behind: bool) -> None:
    gate = Gate()
    gate.see(face(1, person=1, size=100), other)
    assert gate.lane.scene.behind(("main", 1), gate.now) is behind
    gate.wait(0.6)  # gone meanwhile
    gate.see(face(1, person=1, size=100))
    assert not gate.lane.scene.behind(("main", 1), gate.now)
    assert not gate.lane.scene.behind(None, gate.now)


@pytest.mark.parametrize(
    ("temperature", "waited"),
    [
        ({}, 0.0),  # nothing is measured of somebody behind: not waited for
        (
            {"no_temperature": Finding("temperature", None, Weight.REQUIRE, "temperature_unknown")},
            0.3,
        ),  # without it they would be refused
        ({"tells_apart": True}, 0.3),  # a thermal image has a place for their face too
    ],
)
def test_a_temperature_is_waited_for_behind_somebody_where_it_can_come(
    temperature: dict[str, Any], waited: float
) -> None:
    gate = Gate(replace(CONTEXT, temperature=True, **temperature))
    leaving, behind = face(1, Verdict.KNOWN, 1, size=120), face(2, Verdict.KNOWN, 2)
    gate.see(leaving)
    gate.temperature(36.5)
    gate.look(1.0, leaving, behind)
    gate.look(1.0, leaving, behind)
    turn, decided = gate.when(Began)[1], gate.when(Decided)[1]
    assert decided - turn == pytest.approx(waited, abs=0.11)
    assert gate.lane.serving is not None
    assert [f.reason for f in gate.lane.serving.findings] == ["temperature_unknown"]


def test_whoever_has_come_to_the_front_is_measured() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1, size=120))
    gate.temperature(36.5)
    gate.wait(0.6)  # gone through
    gate.see(face(2, Verdict.KNOWN, 2))
    assert gate.granted == [1]
    gate.temperature(36.5)
    assert gate.granted == [1, 2]
