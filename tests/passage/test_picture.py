"""The screen's notices: said to the person they are for, when they are let in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Request
from gate.passage import Context, Lane
from gate.passage.picture import picture
from gate.passage.state import Passage

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


def test_nobody_else_reads_it() -> None:
    assert shown(BOB, Outcome.GRANT) == ("status_unknown",)
