"""The very moment at which each time limit of a passage ends, and the one before it.

All times are multiples of an eighth of a second, so that a limit is met exactly.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Method, Outcome
from gate.access.request import HOUSE_RULES, Credential, Finding, Rules, Weight
from gate.access.settings import PassageSettings
from gate.passage import Lane
from gate.passage.inputs import CLAIM_AGE, Measured, Shown, Tick
from gate.passage.outputs import Decided, EventOut
from gate.passage.state import ASK_WAIT, SHOW_DENY
from gate.recognition.face import Verdict
from gate.sensors.reading import Reading, Validity
from tests.passage.scene import CONTEXT, LI, Gate, face

MOMENT = 0.125
SETTINGS = PassageSettings(budget=0.5, same_person=8.0, same_claim=3.0, make_room=0.5, gone=1.5)
LIMITED = replace(CONTEXT, settings=SETTINGS)


def abandoned(gate: Gate) -> bool:
    return any(event.type == "passage.abandoned" for event in gate.all(EventOut))


@pytest.mark.parametrize(("age", "kept"), [(8.0 - MOMENT, True), (8.0, False)])
def test_who_was_let_in_is_remembered(age: float, kept: bool) -> None:
    gate = Gate(LIMITED)
    gate.lane = Lane(recent={1: gate.now - age})
    gate.give(Tick())
    assert (1 in gate.lane.recent) is kept


@pytest.mark.parametrize(("age", "granted"), [(CLAIM_AGE, [1]), (CLAIM_AGE + MOMENT, [])])
def test_a_card_counts_for_a_while_after_it_was_shown(age: float, granted: list[int]) -> None:
    gate = Gate(LIMITED)
    gate.give(Shown(Method.CARD, LI, Credential(), gate.now - age))
    assert gate.granted == granted


@pytest.mark.parametrize(("after", "answers"), [(3.0 - MOMENT, 1), (3.0, 2)])
def test_a_card_on_the_reader_is_a_second_wish_to_pass(after: float, answers: int) -> None:
    for person, problem in ((LI, ""), (None, "card_unknown")):
        gate = Gate(LIMITED)
        gate.card(person, problem)
        gate.wait(after)
        gate.card(person, problem)
        assert len(gate.all(Decided)) == answers, problem


@pytest.mark.parametrize(("later", "counts"), [(0.0, False), (MOMENT, True)])
def test_a_high_temperature_is_confirmed_by_a_later_one_only(later: float, counts: bool) -> None:
    gate = Gate(replace(LIMITED, temperature=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.temperature(38.5)
    measured = gate.now
    gate.wait(MOMENT)
    reading = Reading(33.5, 22, 36.5, measured + later, "t", Validity.VALID)
    gate.give(Measured(reading, Finding("temperature", True, Weight.REQUIRE)))
    assert gate.granted == ([1] if counts else [])


def test_a_refusal_leaves_the_screen_when_its_time_is_over() -> None:
    gate = Gate(LIMITED)
    gate.card(None, "card_unknown")
    gate.wait(SHOW_DENY - MOMENT)
    assert gate.lane.serving is not None
    gate.wait(MOMENT)
    assert gate.lane.serving is None


@pytest.mark.parametrize(("after", "granted"), [(0.5 - MOMENT, [1]), (0.5, [1, 2])])
def test_a_grant_makes_room_for_the_next_known_person(after: float, granted: list[int]) -> None:
    gate = Gate(LIMITED)
    gate.card(LI)
    gate.now += after
    gate.see(face(2, Verdict.KNOWN, 2))
    assert gate.granted == granted


@pytest.mark.parametrize(("after", "gave_up"), [(0.5, False), (0.5 + MOMENT, True)])
def test_somebody_unknown_keeps_a_known_person_waiting_for_the_budget(
    after: float, gave_up: bool
) -> None:
    gate = Gate(LIMITED)
    gate.see(face(1, Verdict.WAIT))
    gate.now += after
    gate.see(face(1, Verdict.WAIT), face(2, Verdict.KNOWN, 2, size=150))
    assert abandoned(gate) is gave_up
    assert gate.granted == ([2] if gave_up else [])


@pytest.mark.parametrize(("after", "gave_up"), [(1.5, False), (1.5 + MOMENT, True)])
def test_who_is_out_of_view_has_left(after: float, gave_up: bool) -> None:
    gate = Gate(LIMITED)
    gate.see(face(1, Verdict.WAIT))
    gate.wait(after)
    assert abandoned(gate) is gave_up


def test_the_face_that_belongs_to_a_card_is_looked_for_until_its_time_is_over() -> None:
    both = Rules(allow=tuple(replace(allow, both=True) for allow in HOUSE_RULES))
    gate = Gate(replace(LIMITED, rules=both))
    gate.card(LI)
    gate.wait(ASK_WAIT - MOMENT)
    assert gate.all(Decided) == []
    gate.wait(MOMENT)
    assert [decided.decision.outcome for decided in gate.all(Decided)] == [Outcome.ASK]
