"""The entry status of somebody who waits: at release none counts that is too old."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from gate.access.decision import Outcome
from gate.access.request import HOUSE_RULES, Finding, Rules, Weight
from gate.passage.inputs import Agreed, Answered, Asked
from gate.passage.let_in import may_still
from gate.passage.outputs import AskStatus, Decided, Open
from gate.passage.state import Passage
from gate.passage.status import AHEAD, answered, ask, fresh
from gate.recognition.face import Sighting, Verdict
from tests.passage.scene import CONTEXT, LI, TWIN, WANG, Gate, ended, face, moment

BOTH = Rules(allow=tuple(replace(a, both=True) for a in HOUSE_RULES))
GREEN = (Finding("code", True, value="绿码"),)
RED = (Finding("code", False, Weight.REQUIRE, "status_bad", "红码"),)
UNKNOWN = (Finding("code", None, Weight.REQUIRE, "status_unknown"),)
STRICT = replace(CONTEXT, status=True, no_status=UNKNOWN)


def reasons(gate: Gate) -> list[str]:
    return [decided.decision.reasons[0] for decided in gate.all(Decided)]


def asked_for_the_face(until: float) -> Gate:
    """Somebody whose status is good until that many seconds from now."""
    gate = Gate(replace(STRICT, rules=BOTH))
    gate.card(LI)
    gate.give(Answered(1, GREEN, gate.now + until))
    assert len(gate.all(AskStatus)) == 1
    return gate


def stands_there(gate: Gate) -> None:
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(0.01)


def test_an_answer_that_is_fresh_is_used_and_not_asked_for_again() -> None:
    gate = asked_for_the_face(10)
    gate.wait(10 - AHEAD - 0.1)
    stands_there(gate)
    assert reasons(gate) == ["welcome"]
    assert len(gate.all(AskStatus)) == 1


def test_a_status_that_turns_bad_while_the_face_is_asked_for_opens_nothing() -> None:
    gate = asked_for_the_face(5)
    for _ in range(4):
        gate.wait(1.1)
    assert gate.all(AskStatus) == [AskStatus("p1", LI)] * 2  # once, however often it is looked at
    gate.give(Answered(1, RED, gate.now + 5))
    stands_there(gate)
    assert reasons(gate) == ["status_bad"]


def test_one_that_stays_good_opens_once_the_face_is_there() -> None:
    gate = asked_for_the_face(2)
    for _ in range(3):
        gate.wait(1.1)
        gate.give(Answered(1, GREEN, gate.now + 2))
    gate.wait(1.1)
    stands_there(gate)
    assert reasons(gate) == ["welcome"]
    assert len(gate.all(AskStatus)) == 5


def test_one_that_is_too_old_is_waited_for_as_long_as_any_and_then_not_known() -> None:
    gate = asked_for_the_face(2)
    gate.wait(5)
    stands_there(gate)
    gate.wait(0.2)
    assert reasons(gate) == []
    gate.wait(0.2)
    assert reasons(gate) == ["status_unknown"]


def test_one_that_comes_in_time_opens() -> None:
    gate = asked_for_the_face(2)
    gate.wait(5)
    stands_there(gate)
    gate.give(Answered(1, GREEN, gate.now + 2))
    assert reasons(gate) == ["welcome"]


def test_a_card_that_continues_a_face_takes_over_when_its_status_is_too_old() -> None:
    gate = Gate(replace(STRICT, rules=BOTH))
    gate.see(face(1, Verdict.WAIT, 1))
    gate.give(Answered(1, GREEN, gate.now + 2))
    gate.wait(0.1)
    gate.card(LI)
    gate.wait(3)
    stands_there(gate)
    gate.wait(0.4)
    assert reasons(gate) == ["status_unknown"]


def before_the_controller(until: float) -> Gate:
    gate = Gate(STRICT)
    gate.card(LI)
    gate.give(Answered(1, GREEN, gate.now + until))
    assert reasons(gate) == ["welcome"]
    gate.give(Asked("p1"))
    return gate


def test_while_the_controller_is_asked_the_status_is_kept_fresh() -> None:
    gate = before_the_controller(5)
    gate.wait(5 - AHEAD - 0.1)
    assert len(gate.all(AskStatus)) == 1
    gate.wait(0.2)
    gate.wait(0.2)
    assert gate.all(AskStatus) == [AskStatus("p1", LI)] * 2
    gate.give(Answered(1, GREEN, gate.now + 5))
    gate.wait(3)
    assert may_still(gate.lane, "p1", moment(gate), gate.context)
    gate.give(Agreed("p1"))
    assert gate.all(Open)[-1].agreed


@pytest.mark.parametrize("answer", [RED, None])
def test_a_status_that_turned_bad_or_too_old_before_the_controllers_yes_opens_nothing(
    answer: tuple[Finding, ...] | None,
) -> None:
    gate = before_the_controller(1.5)
    gate.wait(1)
    if answer is not None:
        gate.give(Answered(1, answer, gate.now + 5))
    gate.wait(0.6)
    assert not may_still(gate.lane, "p1", moment(gate), gate.context)
    gate.give(Agreed("p1"))
    assert not [o for o in gate.all(Open) if o.agreed]
    told = gate.all(Decided)[-1].decision
    assert told.outcome is Outcome.DENY
    assert told.reasons == (("status_unknown" if answer is None else "status_bad"),)
    assert gate.lane.serving is not None
    assert gate.lane.serving.findings == (answer or UNKNOWN)  # as the screen shows it
    assert ended(gate) == {"p1": False}


def test_nobody_else_is_asked_about_again_or_given_the_answer() -> None:
    gate = before_the_controller(5)
    gate.card(WANG)
    gate.give(Answered(2, GREEN, gate.now + 5))  # released, and needs nothing any more
    gate.wait(4.5)
    assert [o.person for o in gate.all(AskStatus)] == [LI, WANG, LI]
    gate.give(Answered(2, RED, gate.now + 5))
    assert [each.granted.status for each in gate.lane.passing] == [GREEN, GREEN]
    gate.give(Answered(1, RED, gate.now + 5))
    assert [each.granted.status for each in gate.lane.passing] == [RED, GREEN]


def test_where_there_is_no_status_none_is_asked_for() -> None:
    gate = Gate()
    gate.card(LI)
    gate.give(Asked("p1"))
    gate.wait(5)
    assert gate.all(AskStatus) == []


def asked_for_the_card(*faces: Sighting) -> Gate:
    """A look-alike, recognised; a card is asked for without waiting for the status."""
    gate = Gate(STRICT)
    for each in faces:
        gate.see(each)
        gate.give(Answered(3, GREEN, gate.now + 2))
    gate.see(face(1, Verdict.KNOWN, 3))
    assert reasons(gate) == ["look_alike"]
    assert gate.all(AskStatus) == [AskStatus("p1", TWIN)]
    return gate


@pytest.mark.parametrize(("said", "answer"), [(GREEN, "welcome"), (RED, "status_bad")])
def test_a_status_that_came_while_the_card_was_asked_for_counts_with_the_card(
    said: tuple[Finding, ...], answer: str
) -> None:
    gate = asked_for_the_card()
    gate.wait(0.1)
    gate.give(Answered(3, said, gate.now + 60))
    assert reasons(gate) == ["look_alike"]
    gate.wait(1)
    gate.card(TWIN)
    assert reasons(gate) == ["look_alike", answer]
    assert gate.all(AskStatus) == [AskStatus("p1", TWIN)]


def test_one_that_comes_after_the_card_counts_without_a_second_question() -> None:
    gate = asked_for_the_card()
    gate.card(TWIN)
    gate.give(Answered(3, GREEN, gate.now + 60))
    assert reasons(gate) == ["look_alike", "welcome"]
    assert gate.all(AskStatus) == [AskStatus("p1", TWIN)]


def test_nobodys_answer_is_changed_by_a_status_that_comes_later() -> None:
    gate = Gate(replace(CONTEXT, status=True))
    gate.see(face(1, Verdict.KNOWN, 1))
    gate.wait(1)
    before = gate.lane.serving
    assert before is not None
    assert before.decision is not None
    gate.give(Answered(1, GREEN, gate.now + 60))
    assert gate.lane.serving == before


@pytest.mark.parametrize("old", [True, False])
def test_one_that_became_too_old_while_the_card_was_asked_for_is_asked_for_again(old: bool) -> None:
    gate = asked_for_the_card(face(1, Verdict.WAIT, 3))
    gate.wait(2 if old else 2 - AHEAD - 0.1)
    gate.card(TWIN)
    assert gate.all(AskStatus) == [AskStatus("p1", TWIN)] * (1 + old)
    gate.wait(0.1)
    assert len(gate.all(AskStatus)) == 1 + old
    if old:
        assert reasons(gate) == ["look_alike"]
        gate.give(Answered(3, GREEN, gate.now + 2))
    assert reasons(gate) == ["look_alike", "welcome"]


def test_one_that_is_under_way_when_the_card_comes_is_not_asked_for_again() -> None:
    gate = Gate(STRICT)
    gate.see(face(1, Verdict.WAIT, 3))
    gate.card(TWIN)
    gate.give(Answered(3, GREEN, gate.now + 2))
    assert reasons(gate) == ["welcome"]
    assert gate.all(AskStatus) == [AskStatus("p1", TWIN)]


WAITING = Passage("p1", 0, 0, person=LI, asked=1, status=GREEN, until=105.0)


def test_a_person_is_asked_about_at_once_and_again_before_the_answer_is_too_old() -> None:
    now = moment(Gate())
    early, due = replace(now, at=105 - AHEAD - 0.01), replace(now, at=105 - AHEAD)
    assert ask(WAITING, LI, early) == (WAITING, ())
    again = replace(WAITING, renewing=True)
    assert ask(WAITING, LI, due) == (again, (AskStatus("p1", LI),))
    assert ask(again, LI, due) == (again, ())
    unanswered = replace(WAITING, status=None)
    assert ask(unanswered, LI, due) == (unanswered, ())
    other = replace(WAITING, asked=2, status=None, until=math.inf)
    assert ask(again, WANG, early) == (other, (AskStatus("p1", WANG),))


def test_an_answer_counts_for_its_person_until_it_is_too_old() -> None:
    now = moment(Gate())
    renewing = replace(WAITING, renewing=True)
    assert answered(renewing, Answered(2, RED)) == renewing
    given = Answered(1, RED, 110.0)
    assert answered(renewing, given) == replace(WAITING, status=RED, until=110.0)
    assert Answered(1, RED).until == math.inf
    assert fresh(WAITING, replace(now, at=104.99)) == WAITING
    late = replace(now, at=105.0)
    assert fresh(renewing, late) == replace(renewing, status=None)  # the next one is under way
    forgotten = replace(WAITING, asked=None, status=None)
    assert fresh(WAITING, late) == forgotten
    again, emitted = ask(forgotten, LI, late)
    assert emitted == (AskStatus("p1", LI),)
    assert fresh(again, late) == again
