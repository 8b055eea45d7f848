"""How long answers stay, and how long a decision waits for what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.decision import Decision, Method, Outcome
from gate.access.request import Finding, Request, Weight
from gate.access.settings import PassageSettings
from gate.passage.state import (
    ASK_WAIT,
    SHOW_DENY,
    STATUS_WAIT,
    TEMPERATURE_WAIT,
    Context,
    Passage,
    deadline,
    ends,
    makes_room,
    missing,
)
from tests.passage.scene import NOON

SETTINGS = PassageSettings(budget=0.8, show_grant=1.0, make_room=0.25)
READY = 20.0
GOOD = Finding("temperature", True, Weight.SHOW)
UNSURE = Finding("temperature", None, Weight.SHOW)


def answered(outcome: Outcome, *reasons: str) -> Passage:
    decision = Decision(outcome, "x", Request(Method.CARD, None, NOON), reasons)
    return Passage("p1", 0, 0, decision=decision, decided=100.0)


@pytest.mark.parametrize(
    ("outcome", "reasons", "shown", "room"),
    [
        (Outcome.GRANT, ("welcome",), 2 * SETTINGS.show_grant, SETTINGS.make_room),
        (Outcome.GRANT, ("welcome", "already_passed"), SHOW_DENY, SETTINGS.show_grant),
        (Outcome.ASK, ("child",), ASK_WAIT, 2 * SETTINGS.make_room),
        (Outcome.DENY, ("blocked",), SHOW_DENY, 2 * SETTINGS.make_room),
        (Outcome.DENY, ("blocked", "already_passed"), SHOW_DENY, 2 * SETTINGS.make_room),
    ],
)
def test_an_answer_stays_as_long_as_it_takes_to_read(
    outcome: Outcome, reasons: tuple[str, ...], shown: float, room: float
) -> None:
    passage = answered(outcome, *reasons)
    assert ends(passage, SETTINGS) == 100.0 + shown
    assert passage.decision is not None
    assert makes_room(passage.decision, SETTINGS) == room


@pytest.mark.parametrize("outcome", Outcome)
def test_no_answer_stays_longer_for_somebody_known_than_for_anybody(outcome: Outcome) -> None:
    decision = answered(outcome, "welcome").decision
    assert decision is not None
    slow = SETTINGS.model_copy(update={"make_room": 3.0})
    assert makes_room(decision, slow) == SETTINGS.show_grant


@pytest.mark.parametrize(
    ("temperature", "status", "found", "said", "expected"),
    [
        (True, True, None, None, (True, True)),
        (True, True, UNSURE, None, (True, True)),
        (True, True, GOOD, (), (False, False)),
        (False, False, None, None, (False, False)),
    ],
)
def test_what_is_waited_for(
    temperature: bool,
    status: bool,
    found: Finding | None,
    said: tuple[Finding, ...] | None,
    expected: tuple[bool, bool],
) -> None:
    passage = Passage("p1", 0, 0, temperature=found, status=said)
    context = Context({}, temperature=temperature, status=status)
    assert missing(passage, context) == expected


@pytest.mark.parametrize(
    ("behind", "tells_apart", "weight", "waited"),
    [
        (True, False, Weight.SHOW, False),
        (False, False, Weight.SHOW, True),
        (True, True, Weight.SHOW, True),
        (True, False, Weight.REQUIRE, True),
    ],
)
def test_no_temperature_is_waited_for_in_vain(
    behind: bool, tells_apart: bool, weight: Weight, waited: bool
) -> None:
    context = Context(
        {},
        temperature=True,
        tells_apart=tells_apart,
        no_temperature=Finding("temperature", None, weight),
    )
    assert missing(Passage("p1", 0, 0, behind=behind), context) == (waited, False)


def until(
    *,
    temperature: bool = False,
    status: bool = False,
    refuses: str = "",
    served: float = READY - 10,
    method: Method = Method.FACE,
    **fields: object,
) -> float | None:
    """The deadline where these are missing; ``refuses``: what is missing and would refuse."""
    context = Context(
        {},
        settings=SETTINGS,
        temperature=True,
        status=True,
        no_temperature=Finding(
            "temperature", None, Weight.REQUIRE if refuses == "temperature" else Weight.SHOW
        ),
        no_status=(Finding("code", None, Weight.REFER if refuses == "status" else Weight.SHOW),),
    )
    passage = Passage(
        "p1",
        READY - 11,
        served,
        method,
        ready=READY,
        temperature=None if temperature else GOOD,
        status=None if status else (),
    )
    return deadline(replace(passage, **fields), context)


def test_who_is_not_known_yet_has_no_deadline() -> None:
    assert until(temperature=True, ready=None) is None


def test_a_second_temperature_is_waited_for_as_long_as_was_said() -> None:
    assert until(temperature=True, again=99.0) == 99.0
    assert until(temperature=True, again=99.0, ready=None) == 99.0


@pytest.mark.parametrize(
    ("temperature", "status", "wait"),
    [
        (True, False, TEMPERATURE_WAIT),
        (False, True, STATUS_WAIT),
        (True, True, STATUS_WAIT),
        (False, False, 0.0),
    ],
)
def test_within_the_budget_each_is_waited_for_as_long_as_it_takes(
    temperature: bool, status: bool, wait: float
) -> None:
    found = until(temperature=temperature, status=status, served=READY)
    assert found == pytest.approx(READY + wait)


@pytest.mark.parametrize(
    ("temperature", "status", "refuses", "wait"),
    [
        (True, True, "", 0.1),
        (True, False, "temperature", TEMPERATURE_WAIT),
        (False, True, "status", STATUS_WAIT),
        (False, True, "temperature", 0.1),  # that one is there
        (True, False, "status", 0.1),
    ],
)
def test_after_the_budget_only_what_would_refuse_is_waited_for(
    temperature: bool, status: bool, refuses: str, wait: float
) -> None:
    found = until(temperature=temperature, status=status, refuses=refuses)
    assert found == pytest.approx(READY + wait)


def test_whoever_shows_a_card_waits_from_that_moment() -> None:
    shown = until(status=True, refuses="status", method=Method.CARD)
    assert shown == pytest.approx(READY - 11 + STATUS_WAIT)
