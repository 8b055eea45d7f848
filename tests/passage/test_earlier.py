"""Answers that make room early, and who may still read them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Credential, Request, Sight
from gate.access.settings import PassageSettings
from gate.passage import Lane
from gate.passage.earlier import (
    MOST,
    READABLE,
    instead,
    kept,
    leaves,
    made_room,
    may_make_room,
    refused,
    without,
)
from gate.passage.inputs import Shown
from gate.passage.outputs import Decided, EventOut
from gate.passage.scene import Key, Track
from gate.passage.state import SHOW_DENY, Passage, Passing
from gate.recognition.face import Verdict
from gate.screen.message import Look
from tests.passage.scene import CONTEXT, LI, NOON, TWIN, WANG, Gate, face

MOMENT = 0.125
ROOM = 0.25
SETTINGS = PassageSettings(make_room=ROOM, show_grant=1.0)
LIMITED = replace(CONTEXT, settings=SETTINGS)
AT = 100.0
KEY = ("main", 1)


def answered(
    outcome: Outcome = Outcome.DENY,
    *reasons: str,
    id: str = "p1",
    rule: str = "x",
    at: float = AT,
    person: Person | None = None,
    best: int | None = None,
    key: Key | None = KEY,
) -> Passage:
    request = Request(Method.FACE, person, NOON)
    decision = Decision(outcome, rule, request, reasons or ("face_unknown",))
    sight = Sight(Verdict.UNKNOWN, best=best)
    return Passage(id, 0, 0, key=key, sight=sight, person=person, decision=decision, decided=at)


def behind(person: int | None = 2, track: int = 2) -> Track:
    return Track(face(track, Verdict.KNOWN, person))


@pytest.mark.parametrize(
    ("p", "large"),
    [
        (answered(Outcome.GRANT, "welcome"), ROOM),
        (answered(Outcome.GRANT, "welcome", "already_passed"), SETTINGS.show_grant),
        (answered(Outcome.DENY), 2 * ROOM),
        (answered(Outcome.ASK), 2 * ROOM),
        (answered(best=3), 2 * ROOM),
        (answered(Outcome.DENY, person=LI), 2 * ROOM),
        (answered(Outcome.ASK, person=LI), SETTINGS.show_grant),
        # whoever may be the same does not come round sooner than without others beside it
        (answered(rule="attack"), SETTINGS.show_grant),
        (answered(best=2), SETTINGS.show_grant),
        (answered(person=WANG), SETTINGS.show_grant),
        (answered(key=("main", 2)), SETTINGS.show_grant),
    ],
)
def test_how_long_an_answer_stays_large(p: Passage, large: float) -> None:
    lane = Lane(serving=p)
    assert not may_make_room(lane, behind(), AT + large - MOMENT, SETTINGS)
    assert may_make_room(lane, behind(), AT + large, SETTINGS)


@pytest.mark.parametrize(
    ("id", "asked", "large"),
    [("p1", True, SETTINGS.show_grant), ("p1", False, ROOM), ("p0", True, ROOM)],
)
def test_whoever_waits_for_the_controller_keeps_the_screen(
    id: str, asked: bool, large: float
) -> None:
    p = answered(Outcome.GRANT, "welcome")
    lane = Lane(serving=p, passing=(Passing(replace(p, id=id), asked=asked),))
    assert not may_make_room(lane, behind(), AT + large - MOMENT, SETTINGS)
    assert may_make_room(lane, behind(), AT + large, SETTINGS)


def test_a_face_that_resembles_nobody_is_not_taken_for_another_that_does_not() -> None:
    nobody = replace(answered(), sight=None)
    assert may_make_room(Lane(serving=nobody), behind(None), AT + 2 * ROOM, SETTINGS)


def test_it_waits_while_another_would_be_lost_before_it_could_be_read() -> None:
    now = AT + 9.0
    lane = Lane(serving=answered(at=now - 2 * ROOM))
    for oldest, room in ((now - READABLE + MOMENT, False), (now - READABLE, True)):
        full = tuple(answered(at=oldest + n * MOMENT) for n in range(MOST))
        assert may_make_room(replace(lane, earlier=full), behind(), now, SETTINGS) is room
        assert may_make_room(replace(lane, earlier=full[:-1]), behind(), now, SETTINGS)


def test_the_oldest_leaves_for_the_newest() -> None:
    lane = Lane()
    for n in range(MOST + 1):
        lane = made_room(replace(lane, serving=answered(id=f"p{n}")))
    assert [p.id for p in lane.earlier] == [f"p{n}" for n in range(1, MOST + 1)]


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (answered(Outcome.GRANT, "welcome"), 2 * SETTINGS.show_grant),
        (answered(Outcome.DENY), SHOW_DENY),
        (answered(Outcome.ASK), SHOW_DENY),
    ],
)
def test_an_answer_is_shown_for_the_rest_of_its_time(p: Passage, shown: float) -> None:
    assert leaves(p, SETTINGS) == AT + shown
    lane = Lane(earlier=(p,))
    assert kept(lane, AT + shown - MOMENT, SETTINGS) == lane
    assert kept(lane, AT + shown, SETTINGS).earlier == ()


@pytest.mark.parametrize(("id", "asked"), [("p1", True), ("p1", False), ("p0", True)])
def test_that_of_whoever_waits_for_the_controller_is_shown_until_it_answers(
    id: str, asked: bool
) -> None:
    p = answered(Outcome.GRANT, "welcome")
    lane = Lane(earlier=(p,), passing=(Passing(replace(p, id=id), asked=asked),))
    assert (kept(lane, AT + 9, SETTINGS).earlier == (p,)) is (asked and id == p.id)


CARD = Credential()


@pytest.mark.parametrize(
    ("earlier", "serving", "stays"),
    [
        (answered(), None, True),
        (answered(), Passage("p2", 0, 0, key=("main", 2)), True),
        (answered(), Passage("p2", 0, 0, key=KEY), False),
        (answered(key=None), Passage("p2", 0, 0), True),
        (answered(key=None), Passage("p2", 0, 0, person=LI, credential=CARD), True),
        (answered(person=LI), Passage("p2", 0, 0), True),
        (answered(person=LI), Passage("p2", 0, 0, person=LI), False),
        (answered(person=LI), Passage("p2", 0, 0, person=WANG), True),
        # resembling somebody is enough with that one's card, and not without
        (answered(best=LI.id), Passage("p2", 0, 0, person=LI), True),
        (answered(best=LI.id), Passage("p2", 0, 0, person=LI, credential=CARD), False),
        (answered(best=LI.id), Passage("p2", 0, 0, person=WANG, credential=CARD), True),
        (
            replace(answered(), sight=None),
            Passage("p2", 0, 0, person=LI, credential=CARD),
            True,
        ),
    ],
)
def test_whoever_is_served_again_reads_the_new_answer_only(
    earlier: Passage, serving: Passage | None, stays: bool
) -> None:
    lane = Lane(serving=serving, earlier=(earlier,))
    assert (kept(lane, AT, SETTINGS).earlier == (earlier,)) is stays


def test_another_answer_takes_the_place_of_the_first() -> None:
    first, second = answered(id="p1"), answered(id="p2")
    lane = Lane(earlier=(first, second))
    later = answered(Outcome.GRANT, "welcome", id="p1")
    assert instead(lane, later).earlier == (second, later)
    assert instead(lane, answered(id="p3")) == lane
    assert without(lane, "p1").earlier == (second,)
    assert without(lane, "p3") == lane


def test_who_was_asked_for_more_was_not_refused() -> None:
    deny, ask = answered(id="p1"), answered(Outcome.ASK, id="p2")
    grant = answered(Outcome.GRANT, "welcome", id="p3")
    assert refused(Lane(earlier=(deny, ask, grant))) == (deny,)


class TestAtTheGate:
    def test_a_refusal_yields_to_somebody_known_and_stays_readable_beside_the_grant(self) -> None:
        gate = Gate(LIMITED)
        stranger = face(1, Verdict.UNKNOWN, size=150)
        gate.see(stranger)
        gate.now += 2 * ROOM - MOMENT
        gate.see(stranger, face(2, Verdict.KNOWN, 1))
        assert gate.granted == []
        gate.now += MOMENT
        gate.see(stranger, face(2, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        (beside,) = gate.messages[-1].earlier
        assert (beside.look, beside.code) == (Look.DENY, "face_unknown")
        refused_at = gate.now - 2 * ROOM
        gate.now = refused_at + SHOW_DENY - MOMENT
        gate.see(stranger)
        assert len(gate.messages[-1].earlier) == 1
        gate.now += MOMENT
        gate.see(stranger)
        assert gate.messages[-1].earlier == ()

    def test_nobody_is_told_anything_for_less_than_it_takes_to_read(self) -> None:
        """Six known people at once: each answer can be read for long enough, and all pass."""
        people = {n: Person(n, f"{n:032x}", name=f"N{n}") for n in range(1, 7)}
        gate = Gate(replace(LIMITED, people=people))
        for _ in range(100):
            gate.see(*(face(n, Verdict.KNOWN, n, size=200 - n) for n in people))
            gate.now += MOMENT
        assert gate.granted == list(people)
        shown: dict[str, float] = {}
        for (at, page), (after, _) in itertools.pairwise(gate.pages):
            for each in (page, *page.earlier):
                if each.look is Look.GRANT:
                    shown[each.passage] = shown.get(each.passage, 0.0) + after - at
        assert len(shown) == 6
        assert min(shown.values()) >= READABLE

    @pytest.mark.parametrize("later", [MOMENT, SETTINGS.show_grant])
    def test_who_is_known_now_leaves_no_refusal_beside_their_grant(self, later: float) -> None:
        gate = Gate(LIMITED)
        gate.see(face(1, Verdict.DOUBTFUL, 1))
        gate.now += later
        gate.see(face(2, Verdict.KNOWN, 1))
        assert gate.granted == [1]
        assert gate.lane.earlier == ()

    def test_who_left_without_reading_a_refusal_leaves_none(self) -> None:
        gate = Gate(LIMITED)
        gate.look(0.2, face(1, Verdict.UNKNOWN))
        gate.look(2.0, face(2, Verdict.WAIT))
        assert len(gate.all(Decided)) == 1
        assert gate.lane.earlier == ()

    def test_who_was_let_in_and_has_left_stays_beside_whoever_comes_next(self) -> None:
        gate = Gate(LIMITED)
        gate.see(face(1, Verdict.KNOWN, 1))
        gate.now += SETTINGS.gone + MOMENT
        gate.see(face(2, Verdict.WAIT))
        assert [p.id for p in gate.lane.earlier] == ["p1"]
        assert gate.messages[-1].look is Look.WAIT

    @pytest.mark.parametrize(
        ("person", "credential"),
        [(None, Credential("card_revoked", serial="12")), (LI, Credential("card_revoked"))],
    )
    def test_a_refused_card_still_on_the_reader_is_not_answered_again(
        self, person: Person | None, credential: Credential
    ) -> None:
        gate = Gate(LIMITED)
        gate.give(Shown(Method.CARD, person, credential, gate.now))
        gate.now += 2 * ROOM
        gate.see(face(2, Verdict.KNOWN, 2))
        assert gate.granted == [2]
        gate.give(Shown(Method.CARD, person, credential, gate.now))
        assert len(gate.all(Decided)) == 2
        gate.now += CONTEXT.settings.same_claim
        gate.give(Shown(Method.CARD, person, credential, gate.now))
        assert len(gate.all(Decided)) == 3

    def test_a_card_under_duress_still_on_the_reader_raises_no_second_alarm(self) -> None:
        gate = Gate(LIMITED)
        gate.card(LI, duress=True)
        gate.now += ROOM
        gate.see(face(2, Verdict.KNOWN, 2))
        assert gate.granted == [1, 2]
        for person, alarms in ((LI, 1), (TWIN, 2)):
            gate.card(person, duress=True)
            told = [e for e in gate.all(EventOut) if e.type == "passage.duress"]
            assert len(told) == alarms
