"""Cards within a passage: at once, in place of one another, late, under duress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Method, Outcome, Person
from gate.access.request import HOUSE_RULES, Credential, Mode, Rules
from gate.access.settings import PassageSettings
from gate.passage.inputs import (
    Ordered,
    Shown,
)
from gate.passage.outputs import (
    Began,
    Decided,
    EventOut,
    Open,
    Show,
)
from gate.recognition.face import Candidate, Sighting, Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, GUEST, LI, TWIN, WANG, Gate, ended, face

BOTH = replace(
    CONTEXT, rules=Rules(allow=tuple(replace(allow, both=True) for allow in HOUSE_RULES))
)


def test_a_card_opens_at_once() -> None:
    gate = Gate()
    gate.card(LI)
    assert gate.granted == [1]
    assert gate.all(Decided)[0].latency == 0


def test_a_card_lying_on_the_reader_opens_once() -> None:
    gate = Gate()
    for _ in range(10):
        gate.card(LI)
        gate.wait(0.2)
    assert gate.granted == [1]


def test_what_two_readers_see_in_one_moment_is_one_wish() -> None:
    settings = PassageSettings(same_claim=0)
    gate = Gate(replace(CONTEXT, settings=settings))
    first = Shown(Method.CARD, LI, Credential(serial="12"), gate.now)
    gate.give(first)
    gate.now += 0.1
    gate.give(first)
    assert gate.granted == [1]
    gate.card(WANG)  # another one is being served
    gate.give(first)
    assert gate.granted == [1, 2]
    gate.give(replace(first, at=gate.now))
    assert gate.granted == [1, 2, 1]  # shown again since


def test_an_unknown_card_is_refused_and_the_next_one_is_not() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(0.3)
    gate.card(LI)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == ["card_unknown", "welcome"]


def test_a_card_goes_before_a_face_that_is_being_looked_at() -> None:
    gate = Gate()
    gate.look(0.2, face(1, Verdict.WAIT, 2, evidence=1))
    gate.card(LI)
    assert gate.granted == [1]
    gate.look(2, face(1, Verdict.KNOWN, 2))
    assert gate.granted == [1, 2]


def test_duress_looks_like_any_other_passage_and_staff_are_alerted() -> None:
    calm, forced = Gate(), Gate()
    calm.card(LI)
    forced.card(LI, duress=True)
    assert [s.message for s in calm.all(Show)] == [s.message for s in forced.all(Show)]
    assert [e.type for e in forced.all(EventOut)] == ["passage.duress"]


def test_a_look_alike_shows_a_card_in_the_same_passage() -> None:
    gate = Gate()
    gate.look(1, face(1, Verdict.KNOWN, 3))
    assert gate.looks[-1] is Look.ASK
    gate.card(TWIN)
    asked, granted = gate.all(Decided)
    assert (asked.passage, asked.decision.reasons[0]) == (granted.passage, "look_alike")
    assert gate.granted == [3]


def duress(gate: Gate) -> int:
    return [e.type for e in gate.all(EventOut)].count("passage.duress")


@pytest.mark.parametrize("after", [0.5, 2.0, 2.9])
def test_a_duress_card_shown_after_the_face_was_known_is_reported(after: float) -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(after)
    openings = len(gate.all(Open))
    gate.card(LI, duress=True)
    shown = gate.all(Show)[-1]
    gate.wait(0.1)
    assert duress(gate) == 1
    assert len(gate.all(Open)) == openings
    assert gate.all(Show)[-1] == shown or gate.all(Show)[-1].message.look is Look.IDLE


def test_a_duress_card_lying_on_the_reader_is_reported_once() -> None:
    gate = Gate()
    for _ in range(5):
        gate.card(LI, duress=True)
        gate.wait(0.3)
    assert duress(gate) == 1


def test_a_duress_card_replaced_by_another_is_reported_all_the_same() -> None:
    gate = Gate(replace(CONTEXT, status=True))
    gate.card(LI, duress=True)
    gate.wait(0.1)
    gate.card(None, "card_unknown")
    gate.wait(1)
    assert duress(gate) == 1


def late(gate: Gate, seconds: float, **fields: bool) -> None:
    gate.give(Shown(Method.CARD, LI, Credential(**fields), gate.now - seconds))


def test_a_card_that_was_shown_too_long_ago_opens_nothing_and_its_holder_may_try_again() -> None:
    gate = Gate()
    late(gate, 71.0)
    assert gate.granted == []
    assert gate.all(Open) == []
    assert gate.all(Decided)[-1].decision.reasons == ("credential_unchecked",)
    gate.wait(5.0)
    late(gate, 1.9)
    assert gate.granted == [1]


def test_a_late_card_does_not_disturb_who_is_being_served_and_its_duress_is_reported() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.WAIT, None))
    late(gate, 3.0, duress=True)
    assert [e.type for e in gate.all(EventOut)] == ["passage.duress", "credential.late"]
    gate.see(face(1, Verdict.KNOWN, 2))
    assert gate.granted == [2]


def test_a_late_card_during_an_answer_is_answered_too() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(1.0)
    late(gate, 5.0)
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == [
        "card_unknown",
        "credential_unchecked",
    ]


def test_each_card_after_an_answer_is_a_passage_of_its_own() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(1.0)
    gate.card(LI)
    assert [d.passage for d in gate.all(Decided)] == ["p1", "p2"]


def test_duress_that_was_answered_is_not_reported_again_with_the_next_card() -> None:
    gate = Gate()
    gate.card(GUEST, duress=True)
    gate.wait(1.0)
    gate.card(LI)
    assert [e.type for e in gate.all(EventOut)].count("passage.duress") == 1


def test_an_ordinary_card_shown_again_or_in_place_of_another_is_no_duress() -> None:
    gate = Gate(replace(CONTEXT, temperature=True))
    gate.card(LI)
    gate.card(LI)
    gate.card(WANG)
    late(gate, 5.0)
    gate.wait(2.0)
    assert "passage.duress" not in [e.type for e in gate.all(EventOut)]


def test_an_unknown_card_left_on_the_reader_is_answered_once() -> None:
    gate = Gate()
    for _ in range(4):
        gate.card(None, "card_unknown")
        gate.wait(0.5)
    assert len(gate.all(Decided)) == 1


def test_two_unknown_cards_with_somebody_between_them_are_answered_both() -> None:
    gate = Gate()
    gate.card(None, "card_unknown")
    gate.wait(0.4)
    gate.see(face(1, Verdict.KNOWN, 1))
    assert gate.granted == [1]
    assert [p.id for p in gate.lane.earlier] == ["p1"]
    gate.card(None, "card_unknown")
    assert [d.decision.reasons[0] for d in gate.all(Decided)] == [
        "card_unknown",
        "welcome",
        "card_unknown",
    ]


def test_a_card_opens_before_its_passage_is_reported() -> None:
    gate = Gate()
    gate.card(LI)
    assert [type(output) for _, output in gate.log[:4]] == [Decided, Show, Open, Began]


def test_a_card_at_a_door_that_is_held_open_is_recorded_and_opens_nothing() -> None:
    gate = Gate()
    gate.give(Ordered(Mode.HELD_OPEN))
    gate.card(LI)
    (decided,) = gate.all(Decided)
    assert (decided.decision.method, decided.decision.person) == (Method.CARD, LI)
    assert decided.decision.outcome is Outcome.GRANT
    assert not gate.all(Open)


def passages(gate: Gate) -> list[tuple[str, Outcome]]:
    return [(d.passage, d.decision.outcome) for d in gate.all(Decided)]


def test_somebody_elses_card_does_not_continue_the_passage_of_who_was_asked_for_theirs() -> None:
    gate = Gate()
    gate.see(face(1, Verdict.KNOWN, 3))
    assert passages(gate) == [("p1", Outcome.ASK)]
    gate.card(LI)
    assert passages(gate) == [("p1", Outcome.ASK), ("p2", Outcome.GRANT)]
    assert ended(gate) == {"p1": False}
    assert [output.passage for output in gate.all(Began)] == ["p1", "p2"]


@pytest.mark.parametrize(
    ("seen", "person", "problem"),
    [
        (face(1, Verdict.KNOWN, 3), TWIN, ""),
        (replace(face(1, Verdict.KNOWN, 3), second=Candidate(1, 4.9)), LI, ""),  # the other twin
        (face(1, Verdict.KNOWN, 3), None, "card_unknown"),  # the first one they found
        (face(1, Verdict.DOUBTFUL, 2), LI, ""),
    ],
)
def test_whose_card_it_may_be_goes_on(seen: Sighting, person: Person | None, problem: str) -> None:
    gate = Gate()
    gate.look(0.7, seen)
    gate.card(person, problem)
    (first, asked), (second, _) = passages(gate)
    assert (first, asked, second) == ("p1", Outcome.ASK, "p1")
    assert ended(gate) == {}


def test_a_card_that_needs_a_face_is_on_record_when_another_takes_its_place() -> None:
    gate = Gate(BOTH)
    gate.card(LI)
    gate.card(WANG)
    gate.card(None, "card_unknown")
    abandoned = [e for e in gate.all(EventOut) if e.type == "passage.abandoned"]
    assert [(e.passage, e.person) for e in abandoned] == [("p1", LI.ref), ("p2", WANG.ref)]
    assert passages(gate) == [("p3", Outcome.DENY)]


def test_a_second_card_of_the_same_holder_goes_on_with_the_first() -> None:
    gate = Gate(BOTH)
    gate.give(Shown(Method.CARD, LI, Credential(serial="12"), gate.now))
    gate.give(Shown(Method.CARD, LI, Credential(serial="13"), gate.now))
    assert gate.lane.serving is not None
    assert gate.lane.serving.id == "p1"
    assert gate.all(EventOut) == []


def test_whoever_was_asked_for_their_face_is_not_there_for_another_card() -> None:
    gate = Gate(BOTH)
    gate.card(LI)
    for _ in range(130):
        gate.wait(0.1)
    assert passages(gate) == [("p1", Outcome.ASK)]
    gate.card(WANG)
    assert ended(gate) == {"p1": False}
    assert gate.lane.serving is not None
    assert gate.lane.serving.id == "p2"
