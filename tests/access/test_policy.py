"""What holds for the policy whatever it is asked."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.access.decision import Kind, Method, Outcome, Person
from gate.access.policy import ORDER, age_on, decide
from gate.access.record import record
from gate.access.request import (
    Allow,
    Credential,
    Finding,
    Mode,
    Presence,
    Request,
    Rules,
    Sight,
    Weight,
)
from gate.access.schedule import parse
from gate.recognition.face import Liveness, Verdict

ZONE = timezone(timedelta(hours=8))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(ZONE))
names = st.sampled_from(["", "a", "b"])
groups = st.frozensets(st.sampled_from(["a", "b", "crew"]))
people = st.builds(
    Person,
    id=st.integers(1, 3),
    ref=st.just("5e" * 16),
    kind=st.sampled_from(Kind),
    active=st.booleans(),
    blocked=names,
    valid_from=st.none() | moments,
    valid_until=st.none() | moments,
    groups=groups,
    extended_unlock=st.booleans(),
    face_alone=st.booleans(),
    born=st.none() | st.dates(date(1920, 1, 1), date(2025, 1, 1)),
)
sights = st.builds(
    Sight,
    verdict=st.sampled_from(Verdict),
    best=st.none() | st.integers(1, 3),
    second=st.none() | st.integers(1, 3),
    evidence=st.floats(-50, 50),
    liveness=st.builds(Liveness, st.just("x"), st.floats(-9, 9), st.none() | st.booleans()),
    guidance=names,
)
findings = st.builds(
    Finding,
    topic=st.sampled_from(["temperature", "code"]),
    good=st.none() | st.booleans(),
    weight=st.sampled_from(Weight),
    reason=names,
)
requests = st.builds(
    Request,
    method=st.sampled_from(Method),
    person=st.none() | people,
    when=moments,
    gate=st.sampled_from(["main", "north"]),
    mode=st.sampled_from(Mode),
    sight=st.none() | sights,
    credential=st.none() | st.builds(Credential, problem=names, duress=st.booleans()),
    findings=st.lists(findings, max_size=3).map(tuple),
    presence=st.sampled_from(Presence),
    inward=st.none() | st.booleans(),
    order=names,
)
schedules = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.sampled_from([parse("always"), parse("mon-fri 07:00-19:00; holiday closed")]),
)
allows = st.builds(
    Allow,
    name=st.just("x"),
    kinds=st.frozensets(st.sampled_from(Kind)),
    groups=groups,
    gates=st.frozensets(st.sampled_from(["main", "north"])),
    schedule=names,
    methods=st.frozensets(st.sampled_from(Method)),
    both=st.booleans(),
)
rules = st.builds(
    Rules,
    allow=st.lists(allows, max_size=3).map(tuple),
    schedules=schedules,
    attack=st.sampled_from(["deny", "ask"]),
    lockdown_groups=groups,
    antipassback=st.sampled_from(["off", "soft", "hard"]),
)


@settings(max_examples=1500, deadline=None)
@given(requests, rules)
@pytest.mark.slow
def test_a_grant_needs_an_active_person_or_an_order_of_staff(
    request: Request, house: Rules
) -> None:
    decision = decide(request, house)
    ordered = request.mode in (Mode.HELD_OPEN, Mode.EMERGENCY) or (
        request.method is Method.STAFF and bool(request.order)
    )
    if decision.outcome is Outcome.GRANT and not ordered:
        person = request.person
        assert person is not None
        assert person.active
        assert not person.blocked
        if request.mode is not Mode.FIRE:
            assert (
                request.credential is None
                or not request.credential.problem
                or (request.method is Method.FACE)
            )
            assert not person.valid_until or request.when < person.valid_until


@settings(max_examples=500, deadline=None)
@given(requests, rules)
@pytest.mark.slow
def test_a_face_grants_only_when_it_is_known_alive_and_the_persons(
    request: Request, house: Rules
) -> None:
    decision = decide(request, house)
    if decision.rule == "grant" and request.method is Method.FACE:
        assert request.sight is not None
        assert request.person is not None
        assert request.sight.verdict is Verdict.KNOWN
        assert request.sight.best == request.person.id
        assert request.sight.liveness.live is not False


@settings(max_examples=500, deadline=None)
@given(requests, rules)
@pytest.mark.slow
def test_every_decision_names_its_rule_a_reason_and_values_fit_for_json(
    request: Request, house: Rules
) -> None:
    decision = decide(request, house)
    assert decision.rule in dict(ORDER)
    assert decision.reasons
    values = record(decision.request)
    assert json.loads(json.dumps(values)) == values


@settings(deadline=None)
@given(requests, rules)
def test_the_same_question_has_the_same_answer(request: Request, house: Rules) -> None:
    assert decide(request, house) == decide(request, house)


@settings(deadline=None)
@given(requests, rules)
def test_duress_changes_nothing_that_can_be_seen(request: Request, house: Rules) -> None:
    from dataclasses import replace

    calm = decide(replace(request, credential=Credential()), house)
    forced = decide(replace(request, credential=Credential(duress=True)), house)
    assert (calm.outcome, calm.rule, calm.reasons) == (forced.outcome, forced.rule, forced.reasons)
    assert record(forced.request)["duress"] is True


def test_a_name_is_never_among_the_values() -> None:
    person = Person(1, "5e" * 16, name="李小红", blocked="owes 300 yuan")
    decision = decide(Request(Method.CARD, person, datetime(2026, 1, 7, tzinfo=ZONE)), Rules())
    values = json.dumps(record(decision.request), ensure_ascii=False)
    assert "李" not in values
    assert "yuan" not in values


def test_age_counts_whole_years() -> None:
    assert age_on(date(2012, 1, 8), date(2026, 1, 7)) == 13
    assert age_on(date(2012, 1, 7), date(2026, 1, 7)) == 14
