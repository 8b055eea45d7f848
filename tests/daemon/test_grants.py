"""Who was let in by what they showed: the readers' light, and the uses of permits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.access.decision import Decision, Method, Outcome
from gate.access.request import Credential, Request
from gate.daemon.grants import Grants
from gate.passage.outputs import Decided, EventOut, Open, Output, Released
from tests.daemon.loop_gate import LI

WHEN = datetime(2026, 1, 7, 12, tzinfo=UTC)
OPENED = Released("p1")


def decided(
    method: Method = Method.PERMIT,
    outcome: Outcome = Outcome.GRANT,
    rule: str = "grant",
    *,
    passage: str = "p1",
    serial: str = "ab",
) -> Decided:
    credential = None if method is Method.FACE else Credential(serial=serial)
    request = Request(method, LI, WHEN, credential=credential)
    return Decided(passage, Decision(outcome, rule, request, ("welcome",)), 0.1)


def ended(passed: bool | None, passage: str = "p1") -> EventOut:
    return EventOut("passage.ended", passage, {"passed": passed})


def heard(grants: Grants, *outputs: Output) -> list[bool | None]:
    return [grants.heard(output) for output in outputs]


def counted(grants: Grants) -> list[str]:
    serials = []
    while serial := grants.uncounted():
        serials.append(serial)
        grants.counted()
    return serials


def test_a_use_is_reserved_by_the_grant_and_counted_when_the_door_is_released() -> None:
    grants = Grants()
    assert heard(grants, decided(), Open("p1", extended=False)) == [None, None]
    assert (grants.reserved("ab"), grants.reserved("cd")) == (1, 0)
    assert counted(grants) == []
    assert heard(grants, Released("p2"), OPENED) == [None, True]
    assert (grants.reserved("ab"), grants.reserved("cd")) == (1, 0)  # the register has it not yet
    assert counted(grants) == ["ab"]
    assert grants.reserved("ab") == 0
    assert heard(grants, OPENED, ended(False)) == [None, None]
    assert counted(grants) == []


def test_a_use_is_given_back_where_the_door_stays_shut() -> None:
    grants = Grants()
    assert heard(grants, decided(), ended(False, "p2"), ended(False)) == [None, None, False]
    assert grants.reserved("ab") == 0
    assert heard(grants, OPENED) == [None]
    assert counted(grants) == []


def test_two_uses_are_reserved_and_counted_one_by_one() -> None:
    grants = Grants()
    heard(grants, decided(), decided(passage="p2"), decided(passage="p3", serial="cd"))
    assert (grants.reserved("ab"), grants.reserved("cd")) == (2, 1)
    heard(grants, OPENED, Released("p3"))
    assert (grants.reserved("ab"), grants.reserved("cd")) == (2, 1)
    assert counted(grants) == ["ab", "cd"]
    assert grants.reserved("ab") == 1


@pytest.mark.parametrize("method", [Method.CARD, Method.PIN, Method.FACE_AND_CARD])
def test_a_card_is_answered_in_the_same_way_and_nothing_is_counted(method: Method) -> None:
    grants = Grants()
    assert heard(grants, decided(method), OPENED) == [None, True]
    assert heard(grants, decided(method), ended(False)) == [None, False]
    assert grants.reserved("ab") == 0
    heard(grants, decided(), OPENED)
    assert counted(grants) == ["ab"]


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.ASK])
def test_whoever_is_refused_sees_red_at_once_also_in_place_of_their_grant(outcome: Outcome) -> None:
    grants = Grants()
    refused = decided(outcome=outcome, rule="schedule")
    assert heard(grants, refused) == [False]
    assert heard(grants, decided(), refused, ended(False)) == [None, False, None]
    assert grants.reserved("ab") == 0


def test_at_a_door_that_is_open_anyway_the_light_is_green_and_no_use_is_counted() -> None:
    grants = Grants()
    assert heard(grants, decided(rule="held_open")) == [True]
    assert grants.reserved("ab") == 0
    # opened for all while the site's controller was being asked
    assert heard(grants, decided(), ended(True)) == [None, None]
    assert heard(grants, decided(), ended(None)) == [None, None]
    assert (counted(grants), grants.reserved("ab")) == ([], 0)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_face_is_no_matter_of_the_readers(outcome: Outcome) -> None:
    grants = Grants()
    assert heard(grants, decided(Method.FACE, outcome), OPENED) == [None, None]
    assert heard(grants, decided(Method.FACE, outcome), ended(False)) == [None, None]


def test_another_event_of_the_passage_changes_nothing() -> None:
    grants = Grants()
    assert heard(grants, decided(), EventOut("passage.duress", "p1"), OPENED) == [None, None, True]


def test_a_use_is_counted_before_the_release_and_not_once_more_by_it() -> None:
    grants = Grants()
    heard(grants, decided())
    use = grants.releasing("p1")
    assert use is not None
    assert grants.releasing("p1") is None
    assert grants.reserved("ab") == 1
    assert not use.done()
    assert counted(grants) == ["ab"]
    assert use.result(0)
    assert heard(grants, OPENED) == [True]
    assert counted(grants) == []


def test_a_use_that_the_register_does_not_have_any_more_is_told() -> None:
    grants = Grants()
    heard(grants, decided())
    use = grants.releasing("p1")
    assert grants.uncounted() == "ab"
    grants.counted(False)
    assert use is not None
    assert use.result(0) is False
    assert heard(grants, ended(False)) == [False]
    assert grants.reserved("ab") == 0


def test_nothing_is_counted_of_a_card_or_of_nobody() -> None:
    grants = Grants()
    heard(grants, decided(Method.CARD, serial="7"))
    assert grants.releasing("p1") is None
    assert grants.releasing("p9") is None
    assert heard(grants, Released("p9")) == [None]
    assert heard(grants, OPENED) == [True]
    assert counted(grants) == []
