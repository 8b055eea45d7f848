"""docs/access.md is run as it is written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from gate.access.decision import Kind, Method, Person
from gate.access.policy import ORDER, decide
from gate.access.request import (
    FACE_OR_CARD,
    HOUSE_RULES,
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

NOON = datetime(2026, 1, 7, 12, 0, tzinfo=timezone(timedelta(hours=8)))
SOMEBODY = Person(id=7, ref="5e" * 16, kind=Kind.RESIDENT)
SIGHT = Sight(Verdict.KNOWN, best=7, second=8, score=9.0, second_score=1.0)
BASE = Request(Method.FACE, SOMEBODY, NOON, sight=SIGHT), Rules(schedules={})
Case = tuple[Request, Rules]


def ask(**changes: object) -> Callable[[Case], Case]:
    return lambda case: (replace(case[0], **changes), case[1])


def face(*steps: Callable[[Case], Case]) -> Callable[[Case], Case]:
    """The person is known by face alone, and the steps are taken."""
    return both(ask(method=Method.FACE), *steps)


def rule(**changes: object) -> Callable[[Case], Case]:
    return lambda case: (case[0], replace(case[1], **changes))


def person(**changes: object) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        who = case[0].person
        return (replace(case[0], person=replace(who, **changes)), case[1]) if who else case

    return change


def sight(**changes: object) -> Callable[[Case], Case]:
    return lambda case: (
        replace(case[0], sight=replace(case[0].sight or SIGHT, **changes)),
        case[1],
    )


def allow(**changes: object) -> Callable[[Case], Case]:
    """Every Allow of the house gets the condition."""
    return lambda case: (
        case[0],
        replace(case[1], allow=tuple(replace(a, **changes) for a in case[1].allow)),
    )


def both(*steps: Callable[[Case], Case]) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        for step in steps:
            case = step(case)
        return case

    return change


def found(topic: str, good: bool | None, weight: Weight, reason: str) -> Callable[[Case], Case]:
    finding = Finding(topic, good, weight, reason)
    return lambda case: (replace(case[0], findings=(*case[0].findings, finding)), case[1])


def shown(method: Method, problem: str = "") -> Callable[[Case], Case]:
    return ask(method=method, credential=Credential(problem))


def scheduled(text: str, **changes: object) -> Callable[[Case], Case]:
    return both(allow(schedule="s"), rule(schedules={"s": parse(text)}, **changes))


WORDS: dict[str, Callable[[Case], Case]] = {
    "as usual": lambda case: case,
    "fire": ask(mode=Mode.FIRE),
    "nobody known": ask(person=None),
    "staff order": ask(method=Method.STAFF, order="clerk"),
    "staff order by nobody": ask(method=Method.STAFF, order=""),
    "lock-down": ask(mode=Mode.LOCKDOWN),
    "in a group that passes a lock-down": both(
        person(groups=frozenset({"crew"})), rule(lockdown_groups=frozenset({"crew"}))
    ),
    "held open": ask(mode=Mode.HELD_OPEN),
    "emergency": ask(mode=Mode.EMERGENCY),
    "picture": face(sight(verdict=Verdict.ATTACK)),
    "not held to be live": face(sight(liveness=Liveness("x", -0.14, False))),
    "attacks are asked for a card": rule(attack="ask"),
    "after an attack": ask(wary=True),
    "liveness required": rule(liveness_required=True),
    "found to be live": sight(liveness=Liveness("x", 1.0, True)),
    "clock that cannot be right": ask(clock_trusted=False),
    "valid until next year": person(valid_until=NOON + timedelta(days=365)),
    "card": shown(Method.CARD),
    "PIN": shown(Method.PIN),
    "card and face": shown(Method.FACE_AND_CARD),
    "unknown card": shown(Method.CARD, "card_unknown"),
    "card never looked up": ask(method=Method.CARD, credential=None),
    "expired permit": shown(Method.PERMIT, "permit_expired"),
    "PIN locked": shown(Method.PIN, "pin_locked"),
    "face not sure yet": face(sight(verdict=Verdict.WAIT)),
    "face too far": face(sight(verdict=Verdict.UNUSABLE, guidance="too_far")),
    "face doubtful": face(sight(verdict=Verdict.DOUBTFUL)),
    "face not enrolled": face(sight(verdict=Verdict.UNKNOWN, best=None), ask(person=None)),
    "card and somebody else's face": both(shown(Method.FACE_AND_CARD), sight(best=8, second=9)),
    "card and no face yet": both(shown(Method.FACE_AND_CARD), sight(verdict=Verdict.WAIT)),
    "nothing shown": ask(method=Method.NONE),
    "card of nobody": both(shown(Method.CARD), ask(person=None)),
    "blocked": person(blocked="moved out in anger"),
    "inactive": person(active=False),
    "before their time": person(valid_from=NOON + timedelta(minutes=1)),
    "after their time": person(valid_until=NOON),
    "visitor": face(person(kind=Kind.VISITOR)),
    "only staff allowed": allow(kinds=frozenset({Kind.STAFF})),
    "wrong group": allow(groups=frozenset({"others"})),
    "wrong gate": allow(gates=frozenset({"north"})),
    "method not accepted": face(allow(methods=frozenset({Method.PIN}))),
    "outside the schedule": scheduled("mon-fri 13:00-14:00"),
    "schedule that does not exist": allow(schedule="missing"),
    "closed holiday": scheduled(
        "mon-sun 00:00-24:00; holiday closed", days={date(2026, 1, 7): "holiday"}
    ),
    "look-alike": face(person(face_alone=False)),
    "child": face(person(born=date(2013, 1, 8))),
    "face and card asked for": face(allow(both=True)),
    "temperature high and required": found(
        "temperature", False, Weight.REQUIRE, "temperature_high"
    ),
    "temperature high and referred to staff": found(
        "temperature", False, Weight.REFER, "temperature_high"
    ),
    "temperature high and advised": found("temperature", False, Weight.ADVISE, "temperature_high"),
    "temperature unknown and required": found(
        "temperature", None, Weight.REQUIRE, "temperature_unknown"
    ),
    "temperature unknown and shown": found("temperature", None, Weight.SHOW, "temperature_unknown"),
    "status bad and required": found("code", False, Weight.REQUIRE, "status_bad"),
    "status bad and referred to staff": found("code", False, Weight.REFER, "status_bad"),
    "status bad and advised": found("code", False, Weight.ADVISE, "status_bad"),
    "status not available and shown": found("code", None, Weight.SHOW, "status_unknown"),
    "passed twice, hard": both(
        ask(presence=Presence.INSIDE, inward=True), rule(antipassback="hard")
    ),
    "passed twice, soft": both(
        ask(presence=Presence.INSIDE, inward=True), rule(antipassback="soft")
    ),
    "passed twice, off": ask(presence=Presence.INSIDE, inward=True),
}


class Row(NamedTuple):
    rule: str
    when: str
    outcome: str
    reasons: tuple[str, ...]

    def apply(self, case: Case) -> Case:
        rest = self.when
        for word in sorted(WORDS, key=len, reverse=True):
            found = re.search(rf"(^|, ){re.escape(word)}($|(?=, ))", rest)
            if found:
                case = WORDS[word](case)
                rest = (rest[: found.start()] + rest[found.end() :]).lstrip(", ")
        assert not rest, f"no such condition in the vocabulary of this test: {rest!r}"
        return case


def table() -> list[Row]:
    text = (Path(__file__).parents[2] / "docs/access.md").read_text()
    part = text.split("## Decision table")[1].split("## ")[0]
    rows = [
        [c.strip() for c in line.strip("|").split("|")] for line in part.splitlines() if "|" in line
    ]
    return [Row(r[0], r[1], r[2], tuple(r[3].split(", "))) for r in rows[2:]]


TABLE = table()
RANK = {name: rank for rank, (name, _) in enumerate(ORDER)}


@pytest.mark.parametrize("row", TABLE, ids=lambda r: r.when)
def test_each_row_is_what_the_gate_does(row: Row) -> None:
    decision = decide(*row.apply(BASE))
    assert (decision.rule, decision.outcome.value, decision.reasons) == (
        row.rule,
        row.outcome,
        row.reasons,
    )


def test_every_rule_has_a_row_and_they_stand_in_order() -> None:
    named = [row.rule for row in TABLE if row.rule != "grant"]
    assert named == sorted(named, key=RANK.__getitem__)
    assert {row.rule for row in TABLE} == set(RANK)


def refusing(row: Row) -> bool:
    return row.outcome != "grant" and "," not in row.when and row.rule not in ("fire", "staff")


def test_of_two_conditions_the_higher_rule_decides() -> None:
    tried = 0
    for high, low in itertools.combinations(filter(refusing, TABLE), 2):
        case = high.apply(low.apply(BASE))  # the higher is applied last: its method stays
        decision = decide(*case)
        assert RANK[decision.rule] <= RANK[high.rule], (high, low, decision)
        assert decision.outcome.value != "grant"
        tried += 1
    assert tried > 300


def test_the_rules_of_the_house_list_no_pin() -> None:
    assert all(Method.PIN not in a.methods for a in HOUSE_RULES)
    pin = Allow("pin", methods=FACE_OR_CARD | {Method.PIN})
    case = WORDS["PIN"](rule(allow=(pin,))(BASE))
    assert decide(*case).outcome.value == "grant"
