"""Who gains and loses by a change of the rules, by the policy itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enroll.may_pass import decision_of
from enroll.rule_effects import as_schedule, effects
from gate.access.decision import Kind, Method, Outcome, Person
from gate.access.request import HOUSE_RULES, Allow, Rules
from gate.access.schedule import parse
from tests.effort import examples

TODAY = date(2026, 3, 2)  # a Monday
CARD = frozenset({Method.CARD})
GATES = ("east", "north", "south")
CLEANING = Allow(
    "cleaning",
    kinds=frozenset({Kind.STAFF}),
    groups=frozenset({"cleaning"}),
    gates=frozenset({"east", "north"}),
    schedule="work",
    methods=CARD,
)
RULES = Rules(allow=(CLEANING,), schedules={"work": parse("mon-fri 07:00-19:00")})


def staff(number, *groups, kind=Kind.STAFF, **more):
    return Person(number, f"{number:032}", kind, groups=frozenset(groups), **more)


CLEANERS = [(staff(number, "cleaning"), CARD) for number in range(1, 13)]
OTHERS = [(staff(20, "garden"), CARD), (staff(21, kind=Kind.RESIDENT), CARD)]


def changed(after, before=RULES, people=(*CLEANERS, *OTHERS)):
    return [
        (len(one.people), one.gains, one.gates, one.ways, one.spans)
        for one in effects(before, after, people, GATES, TODAY)
    ]


def test_nothing_changes_when_the_rules_are_the_same():
    assert changed(RULES) == []


def test_shorter_hours_take_them_from_those_the_rule_is_about():
    after = replace(RULES, schedules={"work": parse("mon-fri 08:00-19:00")})
    days = ("mon", "tue", "wed", "thu", "fri")
    spans = tuple((day, 420, 480) for day in days)
    assert changed(after) == [(12, False, ("east", "north"), (Method.CARD,), spans)]


def test_saturdays_for_a_group_are_a_gain():
    after = replace(RULES, schedules={"work": parse("mon-fri 07:00-19:00; sat 08:00-12:00")})
    spans = (("sat", 480, 720),)
    assert changed(after) == [(12, True, ("east", "north"), (Method.CARD,), spans)]


def test_a_rule_that_is_taken_away_takes_everything_and_another_gate_is_a_gain():
    whole = changed(replace(RULES, allow=()))
    assert [(count, gains) for count, gains, *_ in whole] == [(12, False)]
    after = replace(RULES, allow=(replace(CLEANING, gates=frozenset()),))
    assert [one[:3] for one in changed(after)] == [(12, True, ("south",))]


def test_a_holiday_is_named_by_its_date_and_only_once_of_a_kind():
    closed = replace(RULES, schedules={"work": parse("mon-fri 07:00-19:00; holiday closed")})
    days = {TODAY + timedelta(days=30 + ahead): "holiday" for ahead in range(7)}
    found = changed(replace(closed, days=days), closed)
    (one,) = found
    assert one[:2] == (12, False)
    assert len(one[4]) == 5  # its five weekdays; nobody passed at the weekend before
    assert all(day.startswith("2026-04-0") for day, *_ in one[4])


def test_blocked_and_moved_out_people_and_those_without_a_way_lose_nothing():
    gone = [
        (replace(staff(1, "cleaning"), blocked="lost"), CARD),
        (replace(staff(2, "cleaning"), active=False), CARD),
        (staff(3, "cleaning"), frozenset()),
    ]
    assert changed(replace(RULES, allow=()), people=gone) == []


def test_a_child_who_needs_a_card_loses_the_face_alone():
    before, after = (Rules(face_alone_from_age=age) for age in (0, 18))
    face = frozenset({Method.FACE})
    people = [
        (staff(1, kind=Kind.RESIDENT, born=date(2015, 1, 1)), face),
        (staff(2, kind=Kind.RESIDENT, born=date(2012, 5, 5)), face),
        (staff(3, kind=Kind.RESIDENT, born=date(1980, 1, 1)), face),
    ]
    (one,) = effects(before, after, people, GATES, TODAY)
    assert (one.people, one.gains, one.gates) == ((1, 2), False, ())


def test_spans_are_shown_as_a_schedule_and_dates():
    times, dates = as_schedule([("mon", 0, 60), ("2026-04-01", 0, 1440), ("mon", 120, 180)])
    assert [(w.start, w.end) for w in times.windows["mon"]] == [(0, 60), (120, 180)]
    assert dates == [("2026-04-01", 0, 1440)]


texts = st.sampled_from(
    ["mon-fri 07:00-19:00", "sat 08:00-12:00", "sun 22:00-06:00", "mon-sun closed", "always"]
)
rules = st.builds(
    Rules,
    allow=st.lists(
        st.builds(
            Allow,
            st.just("a"),
            kinds=st.frozensets(st.sampled_from(Kind), max_size=2),
            groups=st.frozensets(st.sampled_from(["cleaning", "garden"]), max_size=1),
            gates=st.frozensets(st.sampled_from(GATES), max_size=2),
            schedule=st.sampled_from(["", "work", "none"]),
            methods=st.just(CARD),
        ),
        max_size=3,
    ).map(lambda some: (*some, *HOUSE_RULES[:1])),
    schedules=texts.map(lambda text: {"work": parse(text)}),
)


@settings(max_examples=examples(60))
@given(rules, rules, st.integers(0, 4))
@pytest.mark.slow
def test_at_any_hour_of_a_week_the_policy_agrees_with_what_was_said(before, after, first):
    people = [(staff(1, "cleaning"), CARD), (staff(2, "garden"), CARD), OTHERS[1]]
    said = effects(before, after, people, GATES, TODAY)
    for day, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun")):
        # a fifth of the hours; another fifth on each day, and with each ``first``
        for hour in range((first + day) % 5, 24, 5):
            when = datetime(2026, 3, 2, hour, 30) + timedelta(days=day)
            for person, _ in people:
                for gate in GATES:
                    could, can = (
                        decision_of(person, one, Method.CARD, when, gate).outcome is Outcome.GRANT
                        for one in (before, after)
                    )
                    told = {
                        effect.gains
                        for effect in said
                        if person.id in effect.people
                        and (not effect.gates or gate in effect.gates)
                        and any(d == name and a <= hour * 60 + 30 < b for d, a, b in effect.spans)
                    }
                    assert told == ({can} if could != can else set())


@pytest.mark.parametrize("count", [2000])
def test_many_people_alike_are_asked_for_once(count, monkeypatch):
    asked = []
    real = decision_of

    def counted(*args):
        asked.append(1)
        return real(*args)

    monkeypatch.setattr("enroll.rule_effects.decision_of", counted)
    people = [(staff(number, "cleaning"), CARD) for number in range(count)]
    (one,) = effects(RULES, replace(RULES, allow=()), people, GATES, TODAY)
    assert len(one.people) == count
    assert len(asked) < 200
