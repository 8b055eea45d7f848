"""Scenes of one passage at the gate, step by step: faces, orders, the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.access.decision import Method
from gate.access.request import HOUSE_RULES, Mode, Rules
from gate.passage import Context
from gate.passage.inputs import (
    DoorClosed,
    DoorLocked,
    DoorOpened,
    Ordered,
    OutOfOrder,
    Seen,
)
from gate.passage.outputs import (
    Began,
    Decided,
    EventOut,
    Open,
    Show,
)
from gate.recognition.face import Sighting, Unusable, Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, LI, NOON, STATUS, WANG, Gate, face


def test_a_known_face_opens_at_once_and_the_screen_says_welcome() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.WAIT, 1, evidence=1))
    gate.wait(0.1)
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]
    assert gate.all(Open) == [Open("p1", extended=False)]
    assert gate.looks == [Look.WAIT, Look.GRANT]
    assert gate.all(Show)[-1].message.name == "李*红"
    assert gate.all(Decided)[0].latency == pytest.approx(0.0)


def test_the_grant_goes_to_the_writer_then_the_screen_changes_and_then_the_door() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    kinds = [type(o) for _, o in gate.log]
    assert kinds.index(Decided) < kinds.index(Show) < kinds.index(Open)


def test_the_answer_leaves_the_screen_after_a_while() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    wake = gate.wakes()
    gate.wait(wake - gate.now)
    assert gate.looks[-1] is Look.IDLE


def test_who_needs_more_time_gets_it() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 2))
    assert gate.all(Open)[0].extended


def test_a_person_is_told_what_to_do_and_nobody_far_away_is_addressed() -> None:
    gate = Gate()
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.TOO_FAR))
    assert gate.looks == [Look.IDLE]
    gate.look(0.3, face(1, Verdict.UNUSABLE, guidance=Unusable.TURNED))
    assert gate.all(Show)[-1].message.code == "turned"


def test_a_stranger_is_refused_once_and_let_in_when_recognised_nearer() -> None:
    gate = Gate()
    gate.look(1, face(1, Verdict.UNKNOWN))
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["face_unknown"]
    gate.look(1, face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]


def test_who_was_not_recognised_at_first_and_is_now_waits_for_nothing() -> None:
    for first in (Verdict.UNKNOWN, Verdict.DOUBTFUL):
        gate = Gate()
        gate.look(0.2, face(1, first, 1))
        gate.look(0.2, face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        refused, granted = gate.when(Decided)
        assert granted - refused < 0.3 < gate.context.settings.show_grant


def test_who_walks_past_leaves_nothing_on_the_screen() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.WAIT, 1, evidence=1))
    gate.wait(2)
    assert gate.looks[-1] is Look.IDLE
    assert [e.type for e in gate.all(EventOut)] == ["passage.abandoned"]


def test_the_same_person_does_not_open_twice() -> None:
    gate = Gate()
    gate.look(2, face(1, Verdict.KNOWN, 1))
    gate.look(2, face(2, Verdict.KNOWN, 1))  # the track was lost and found
    gate.look(2, face(7, Verdict.KNOWN, 1, camera="side"))
    assert gate.granted == [1]
    assert gate.looks[-1] is Look.IDLE


def test_who_was_let_in_and_did_not_walk_is_let_in_once_more() -> None:
    gate = Gate()
    gate.look(3, face(1, Verdict.KNOWN, 1))
    gate.give(DoorLocked(entered=False))
    assert [(e.type, e.details) for e in gate.all(EventOut)] == [
        ("passage.ended", {"passed": False})
    ]
    gate.look(40, face(1, Verdict.KNOWN, 1))
    assert len(gate.all(Open)) == 2


def test_nobody_answers_a_question_and_it_is_written_down() -> None:
    gate = Gate()
    gate.look(0.5, face(1, Verdict.DOUBTFUL, 1))
    gate.wait(13)
    assert [e.type for e in gate.all(EventOut)] == ["passage.ended"]


def both(context: Context = CONTEXT) -> Context:
    return replace(context, rules=Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES)))


def test_where_both_are_asked_for_the_card_waits_for_its_face() -> None:
    gate = Gate(both())
    gate.card(LI)
    assert gate.all(Show)[-1].message.code == "look_here"
    gate.look(0.3, face(1, Verdict.WAIT, 1))
    gate.look(0.2, face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]
    assert gate.all(Decided)[0].decision.method is Method.FACE_AND_CARD


def test_where_both_are_asked_for_somebody_elses_face_is_refused() -> None:
    gate = Gate(both())
    gate.card(LI)
    gate.look(0.3, face(1, Verdict.KNOWN, 2))
    assert gate.all(Decided)[0].decision.reasons == ("face_is_not_the_cards",)


def test_where_both_are_asked_for_the_face_may_come_first() -> None:
    gate = Gate(both())
    gate.look(0.5, face(1, Verdict.KNOWN, 1))
    assert gate.all(Decided)[0].decision.reasons == ("card_too",)
    gate.card(LI)
    assert gate.granted == [1]


def test_a_refusal_waits_for_nothing() -> None:
    gate = Gate(replace(STATUS, temperature=True))
    gate.card(replace(LI, blocked="x"))
    assert gate.when(Decided) == [0.0]


def test_an_ordered_opening_is_on_the_screen_and_known_people_are_written_down() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.EMERGENCY, NOON + timedelta(minutes=10)))
    assert gate.looks == [Look.EMERGENCY]
    gate.look(1, face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN))
    assert [d.decision.rule for d in gate.all(Decided)] == ["held_open"]
    assert not gate.all(Open)
    assert gate.looks == [Look.EMERGENCY]


def test_a_lockdown_refuses_and_says_so() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.LOCKDOWN))
    gate.look(0.3, face(1, Verdict.KNOWN, 1))
    gate.card(WANG)
    assert not gate.all(Open)
    assert {d.decision.rule for d in gate.all(Decided)} == {"lockdown"}


def test_out_of_order_is_shown_and_a_card_still_answered() -> None:
    gate = Gate()
    gate.give(OutOfOrder("camera_fault"))
    assert gate.looks == [Look.FAULT]
    gate.card(LI)
    gate.wait(3)
    assert gate.looks == [Look.FAULT, Look.GRANT, Look.FAULT]


def test_whoever_has_an_end_of_validity_does_not_pass_by_a_clock_that_cannot_be_right() -> None:
    guest = replace(LI, valid_until=NOON + timedelta(days=365))
    gate = Gate(replace(CONTEXT, people={**CONTEXT.people, 1: guest}))
    gate.trusted = False
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == []
    assert gate.all(Decided)[-1].decision.reasons == ("clock_not_set",)
    gate.card(WANG)
    assert gate.granted == [2], "who has none passes as ever"


@pytest.mark.parametrize("entered", [True, False])
def test_a_passage_whose_door_was_opened_ends_with_its_closing_not_with_the_lock(
    entered: bool,
) -> None:
    gate = Gate()
    gate.card(LI)
    if not entered:
        gate.give(DoorOpened())
    gate.give(DoorLocked(entered))
    assert [e for e in gate.all(EventOut) if e.type == "passage.ended"] == []
    gate.give(DoorClosed())
    ended = [e.details for e in gate.all(EventOut) if e.type == "passage.ended"]
    assert ended == [{"passed": True}]


def test_at_a_door_that_is_held_open_only_recognised_people_are_recorded() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.HELD_OPEN))
    gate.see(face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN), face(3, Verdict.WAIT))
    gate.look(8.0, face(1, Verdict.KNOWN, 1), face(2, Verdict.UNKNOWN))
    decided = [(d.decision.rule, d.decision.person) for d in gate.all(Decided)]
    assert decided == [("held_open", LI)]
    assert gate.all(Open) == []


class TestSlowMachines:
    """Frames seconds apart, and each learnt of late, are decided all the same."""

    @staticmethod
    def late(gate: Gate, seconds: float, *faces: Sighting) -> None:
        """Faces as they were so many seconds ago."""
        at = gate.now - seconds
        gate.give(Seen(tuple(replace(f, last_seen=at, first_usable=at) for f in faces)))

    @pytest.mark.parametrize("seconds", [0.6, 1.0, 2.0])
    def test_who_is_learnt_of_late_is_let_in(self, seconds: float) -> None:
        gate = Gate()
        self.late(gate, seconds, face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]

    def test_what_is_older_than_a_card_may_be_opens_nothing(self) -> None:
        gate = Gate()
        self.late(gate, 2.8, face(1, Verdict.KNOWN, 1))
        assert gate.granted == []

    def test_a_face_that_came_late_is_not_there_for_longer(self) -> None:
        """Two known: the second, seen once, is not let in seconds afterwards."""
        settings = CONTEXT.settings.model_copy(update={"make_room": 0.5})
        gate = Gate(replace(CONTEXT, settings=settings))
        self.late(gate, 1.5, face(1, Verdict.KNOWN, 1, size=200), face(2, Verdict.KNOWN, 2))
        for _ in range(40):
            gate.wait(0.1)
        assert gate.granted == [1]

    def test_whoever_is_seen_rarely_has_one_passage(self) -> None:
        gate = Gate()
        gate.see()  # nobody yet
        gate.now += 2.0
        for _ in range(4):
            gate.see(face(1, Verdict.WAIT))
            for _ in range(20):
                gate.wait(0.1)
        gate.see(face(1, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        assert len(gate.all(Began)) == 1
        assert not [e for e in gate.all(EventOut) if e.type == "passage.abandoned"]
        gate.now += 4.0
        gate.wait(0.0)
        assert gate.lane.serving is None
