"""One test for what taking a condition of gate/passage/step.py away would change.

See docs/mutation.md.
"""

from __future__ import annotations

from dataclasses import replace

from gate.access.decision import Method, Outcome
from gate.access.request import Credential, Finding, Mode, Sight, Weight
from gate.passage import Lane
from gate.passage.inputs import Answered, DoorClosed, DoorLocked, DoorOpened, Ordered, Shown
from gate.passage.outputs import AskStatus, Began, Decided, EventOut
from gate.passage.scene import Scene
from gate.passage.state import Passage
from gate.recognition.face import Verdict
from gate.sensors.reading import Reading, Validity
from tests.passage.scene import CONTEXT, LI, NOON, RED, WANG, Gate, face, types

WITH_STATUS = replace(CONTEXT, status=True)
FEVER = replace(CONTEXT, temperature=True)


def ended(gate: Gate) -> list[tuple[str, object]]:
    return [
        (e.passage, e.details["passed"]) for e in gate.all(EventOut) if e.type == "passage.ended"
    ]


def duress(gate: Gate) -> list[tuple[str, str | None]]:
    return [(e.passage, e.person) for e in gate.all(EventOut) if e.type == "passage.duress"]


class TestInputs:
    def test_a_status_of_nobody_and_one_after_the_answer_change_nothing(self) -> None:
        gate = Gate(WITH_STATUS)
        gate.give(Answered(1, RED))
        nobody = gate.lane.serving
        assert nobody is None
        gate.card(LI)
        gate.wait(1)
        assert gate.granted == [1]
        gate.give(Answered(1, RED))
        assert gate.lane.serving.status is None

    def test_the_end_of_a_mode_is_kept(self) -> None:
        gate = Gate()
        gate.give(Ordered(Mode.HELD_OPEN, NOON))
        assert gate.lane.until == NOON

    def test_the_status_of_whoever_was_answered_is_not_asked_for_ahead(self) -> None:
        gate = Gate(WITH_STATUS)
        gate.look(1, face(2, Verdict.KNOWN, 2))
        gate.see(face(1, Verdict.KNOWN, 1, size=150), face(2, Verdict.KNOWN, 2))
        gate.see(face(1, Verdict.KNOWN, 1, size=150), face(2, Verdict.KNOWN, 2))
        assert [asked.person.id for asked in gate.all(AskStatus)].count(2) == 1

    def test_nor_of_somebody_who_is_hardly_probable(self) -> None:
        gate = Gate(WITH_STATUS)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.see(face(1, Verdict.KNOWN, 1), face(2, Verdict.WAIT, 2, evidence=1, size=80))
        assert [asked.person.id for asked in gate.all(AskStatus)] == [1]
        gate.see(face(1, Verdict.KNOWN, 1), face(2, Verdict.WAIT, 2, evidence=4, size=80))
        assert [asked.person.id for asked in gate.all(AskStatus)] == [1, 2]


class TestCards:
    def test_a_late_card_is_nobodys(self) -> None:
        gate = Gate()
        gate.give(Shown(Method.CARD, LI, Credential(), gate.now - 3))
        (decided,) = gate.all(Decided)
        assert decided.decision.person is None
        assert decided.decision.reasons[0] == "credential_unchecked"

    def test_a_new_temperature_is_asked_for_only_for_somebody_else(self) -> None:
        for person, began in ((LI, 1), (WANG, 2)):
            gate = Gate(FEVER)
            gate.see(face(1, Verdict.KNOWN, 1))
            gate.temperature(38.5)
            gate.card(person)
            assert len(gate.all(Began)) == began
        unmeasured = Gate(FEVER)
        unmeasured.see(face(1, Verdict.KNOWN, 1))
        unmeasured.card(WANG)
        assert len(unmeasured.all(Began)) == 1

    def test_a_card_takes_over_nothing_of_the_face_of_somebody_else(self) -> None:
        gate = Gate(replace(FEVER, status=True))
        known = replace(face(1, Verdict.KNOWN, 1), last_seen=gate.now)
        high = Finding("temperature", False, Weight.REQUIRE, "temperature_high")
        reading = Reading(35.5, 22, 38.5, gate.now, "t", Validity.VALID)
        seen = Passage(
            "p0",
            99.9,
            99.9,
            key=("main", 1),
            sight=Sight.of(known),
            person=LI,
            ready=99.9,
            asked=1,
            status=RED,
            temperature=high,
            reading=reading,
            again=105.0,
            high=high,
        )
        gate.lane = Lane(serving=seen, scene=Scene().seen([known], gate.now))
        gate.card(WANG)
        p = gate.lane.serving
        assert p is not None
        assert (p.id, p.person, p.decision) == ("p0", WANG, None)
        assert (p.key, p.status, p.reading, p.high, p.again) == (None,) * 5

    def test_the_status_of_a_card_is_asked_for_though_its_holder_was_probable_before(self) -> None:
        gate = Gate(WITH_STATUS)
        other = replace(face(1, Verdict.WAIT, 2, evidence=1), last_seen=gate.now)
        seen = Passage("p0", 99.9, 99.9, key=("main", 1), sight=Sight.of(other), asked=1)
        gate.lane = Lane(serving=seen, scene=Scene().seen([other], gate.now))
        gate.card(LI)
        assert [asked.person.id for asked in gate.all(AskStatus)] == [1]

    def test_duress_shown_after_the_grant_belongs_to_the_passage_of_its_person(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.card(LI, duress=True)
        assert duress(gate) == [("p1", LI.ref)]

    def test_duress_of_another_who_was_just_let_in_belongs_to_no_passage(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.card(WANG, duress=True)
        gate.card(LI, duress=True)
        assert duress(gate) == [("p2", WANG.ref), ("", LI.ref)]

    def test_duress_with_a_card_of_nobody_names_nobody(self) -> None:
        gate = Gate()
        gate.give(Shown(Method.CARD, None, Credential("x", duress=True), gate.now - 3))
        assert duress(gate) == [("", None)]

    def test_two_cards_that_read_alike_are_two_persons(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.card(WANG)
        assert gate.granted == [1, 2]

    def test_a_card_kept_on_the_reader_does_not_begin_again(self) -> None:
        gate = Gate(WITH_STATUS)
        gate.card(LI)
        began = gate.lane.serving.began
        gate.wait(0.1)
        gate.card(LI)
        assert gate.lane.serving.began == began

    def test_a_claim_of_nobody_without_a_problem_is_answered(self) -> None:
        gate = Gate()
        gate.card(None)
        assert [d.decision.rule for d in gate.all(Decided)] == ["nobody"]

    def test_another_card_of_who_was_let_in_is_answered_when_it_has_a_problem(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.card(LI, "card_revoked")
        assert [d.decision.outcome for d in gate.all(Decided)] == [Outcome.GRANT, Outcome.DENY]

    def test_after_some_seconds_a_card_opens_again(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.card(WANG)
        gate.wait(CONTEXT.settings.same_claim + 0.1)
        gate.card(LI)
        assert gate.granted == [1, 2, 1]

    def test_a_second_reading_of_one_moment_counts_where_none_is_to_be_confirmed(self) -> None:
        gate = Gate(FEVER)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.nothing_measured()
        gate.temperature(36.5)
        assert gate.granted == [1]


class TestDoor:
    def test_a_door_that_closes_without_having_opened_ends_the_passage(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.give(DoorClosed())
        assert ended(gate) == [("p1", True)]

    def test_a_door_opened_from_inside_and_one_held_open_make_no_hint(self) -> None:
        two = (face(1, Verdict.WAIT, size=60), face(2, Verdict.WAIT, size=70))
        inside = Gate()
        inside.look(0.5, *two)
        inside.give(DoorOpened())
        inside.look(0.5, *two)
        inside.wait(2)
        inside.give(DoorClosed())
        assert "passage.tailgating" not in types(inside)
        held = Gate()
        held.card(LI)
        held.give(Ordered(Mode.HELD_OPEN))
        held.look(0.5, *two)
        held.give(DoorOpened())
        held.look(0.5, *two)
        held.wait(2)
        held.give(DoorClosed())
        assert "passage.tailgating" not in types(held)

    def test_after_the_door_has_closed_the_next_passage_ends_by_itself(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.give(DoorOpened())
        gate.give(DoorClosed())
        gate.give(DoorOpened())
        gate.give(DoorClosed())
        assert ended(gate) == [("p1", True)]
        gate.card(WANG)
        gate.give(DoorLocked(entered=False))
        gate.give(DoorLocked(entered=False))
        assert ended(gate) == [("p1", True), ("p2", False)]

    def test_without_a_contact_nobody_knows_whether_they_passed(self) -> None:
        gate = Gate(replace(CONTEXT, contact=False))
        gate.card(LI)
        gate.give(DoorLocked(entered=False))
        assert ended(gate) == [("p1", None)]


class TestHeldOpen:
    def test_an_undecided_card_is_recorded_and_an_undecided_face_is_not(self) -> None:
        card = Gate(WITH_STATUS)
        card.card(LI)
        card.give(Ordered(Mode.HELD_OPEN))
        assert [d.decision.person for d in card.all(Decided)] == [LI]
        looked_at = Gate()
        looked_at.see(face(1, Verdict.WAIT, 1, evidence=1))
        looked_at.give(Ordered(Mode.HELD_OPEN))
        assert looked_at.all(Decided) == []

    def test_a_card_that_was_answered_is_not_recorded_again(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.give(Ordered(Mode.HELD_OPEN))
        assert len(gate.all(Decided)) == 1

    def test_nobody_is_served_any_more(self) -> None:
        gate = Gate()
        gate.see(face(1, Verdict.WAIT, 1, evidence=1))
        gate.give(Ordered(Mode.HELD_OPEN))
        assert gate.lane.serving is None
        gate.see(face(1, Verdict.WAIT), face(2, Verdict.KNOWN, 2))
        assert gate.granted == [2]
        assert gate.lane.serving is None

    def test_the_record_begins_with_the_first_usable_face(self) -> None:
        for first, latency in ((99.0, 1.0), (None, 0.0)):
            gate = Gate()
            sighting = replace(face(1, Verdict.KNOWN, 1), last_seen=gate.now, first_usable=first)
            gate.lane = Lane(mode=Mode.HELD_OPEN, scene=Scene().seen([sighting], gate.now))
            gate.wait(0)
            assert gate.all(Decided)[0].latency == latency
