"""The question whether somebody may pass, answered by the real policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from enroll.may_pass import answers, ways_of
from gate.access.decision import Kind, Method, Person
from gate.access.request import Allow, Rules
from gate.access.schedule import parse

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
LI = Person(1, "ab" * 16, kind=Kind.STAFF)
CLEANERS = Allow(
    "cleaning",
    kinds=frozenset({Kind.STAFF}),
    gates=frozenset({"north"}),
    schedule="weekdays",
    methods=frozenset({Method.CARD}),
)
RULES = Rules(allow=(CLEANERS,), schedules={"weekdays": parse("mon-fri 07:00-19:00")})


def ask(person=LI, ways=(Method.CARD,), when=MONDAY, gate="north", rules=RULES):
    return [(one.tone, one.why) for one in answers(person, rules, ways, when, gate, "en")]


def test_who_fits_a_rule_may_pass():
    assert ask() == [("good", "")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"when": MONDAY.replace(hour=20)}, "the person may not pass at this time"),
        ({"when": MONDAY.replace(day=1)}, "the person may not pass at this time"),
        ({"gate": "south"}, "the person may not pass at this gate"),
        ({"ways": (Method.PIN,)}, "the person may not pass this way"),
        ({"person": replace(LI, blocked=True)}, "the person is blocked"),
        ({"person": replace(LI, active=False)}, "the person has moved out"),
        ({"person": replace(LI, valid_until=MONDAY)}, "the person's last day is over"),
    ],
)
def test_who_may_not_is_given_the_reason_of_the_policy(changes, why):
    assert ask(**changes) == [("bad", why)]


def test_a_look_alike_is_asked_for_the_card_and_passes_with_both():
    rules = Rules()
    twin = replace(LI, face_alone=False)
    told = answers(twin, rules, (Method.FACE, Method.FACE_AND_CARD), MONDAY, "north", "en")
    assert [one.tone for one in told] == ["warn", "good"]
    assert told[0].remedy == "Show the card too."


def test_the_ways_are_those_somebody_has():
    assert ways_of(face=True, cards=False, pins=False, permits=False) == (Method.FACE,)
    assert Method.FACE_AND_CARD in ways_of(face=True, cards=True, pins=False, permits=False)
    assert ways_of(face=False, cards=False, pins=False, permits=False) == ()


@pytest.mark.slow
def test_the_page_of_a_person_answers_for_now_and_for_another_moment(clerk, desk):
    person = desk.store.people.create("王芳")
    clerk.fill(f"/people/{person.id}/cards", number="0012345678")
    page = clerk.get(f"/people/{person.id}").text
    assert "May pass now" in page
    assert "✓ by card" in page
    desk.rules = lambda: RULES
    asked = {"gate": "south", "at": "2026-03-02T10:00"}
    assert (
        "this kind of person may not pass here"
        in clerk.get(f"/people/{person.id}", params=asked).text
    )
    empty = desk.store.people.create("李建国")
    assert "neither face, card, PIN nor permit" in clerk.get(f"/people/{empty.id}").text
    assert clerk.get(f"/people/{person.id}", params={"at": "soon"}).status_code == 422
