"""Who could pass before and could not after a change of the rules, or the other way round. Pure.

Every answer is the policy's own. People whom it cannot tell apart are asked for once, and only at
moments between which nothing in the rules begins or ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from enroll.may_pass import decision_of
from gate.access.decision import Method, Outcome, Person
from gate.access.policy import age_on
from gate.access.request import Rules
from gate.access.schedule import DAYS, HOLIDAY, Schedule, Window, day_kind

_DAY = 24 * 60
_AHEAD = 400  # days of the calendar that are looked at
_MOST_DATES = 8  # dates looked at beside an ordinary week: of each way a day can count, one

# a day that represents others ("mon", "holiday") or a date, and minutes from its midnight
Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Effect:
    """People for whom the same changes.

    Attributes:
        people: their numbers.
        gains: whether they may pass where they could not; else they lose it.
        gates, ways: where and how; no gate means every one.
        spans: when, in order.
    """

    people: tuple[int, ...]
    gains: bool
    gates: tuple[str, ...]
    ways: tuple[Method, ...]
    spans: tuple[Span, ...]


def effects(
    before: Rules,
    after: Rules,
    people: Iterable[tuple[Person, frozenset[Method]]],
    gates: Sequence[str],
    today: date,
    zone: tzinfo | None = None,
) -> list[Effect]:
    """What changes, the losses first and those of many people before those of few.

    Args:
        people: each with the ways they have.
        gates: all there are, at least one.
        today: the ordinary week and the special days looked at begin here.
    """
    moments = list(_moments(before, after, today, zone))
    everywhere = _unnamed(gates, before, after)
    alike: dict[tuple[Person, frozenset[Method]], list[int]] = defaultdict(list)
    for person, ways in people:
        if person.active and not person.blocked and ways:
            alike[_signature(person, moments, before, after), ways].append(person.id)
    found: dict[tuple[bool, str, Method, tuple[Span, ...]], list[int]] = defaultdict(list)
    for (person, ways), numbers in alike.items():
        for gate in _represented(gates, everywhere):
            for way in ways:
                for gains, spans in _differs(person, way, gate, before, after, moments):
                    found[gains, gate, way, spans] += numbers
    return _gathered(found, gates, everywhere)


def _differs(
    person: Person,
    way: Method,
    gate: str,
    before: Rules,
    after: Rules,
    moments: Sequence[tuple[Span, datetime]],
) -> Iterator[tuple[bool, tuple[Span, ...]]]:
    changed: dict[bool, list[Span]] = {False: [], True: []}
    for span, when in moments:
        could, can = (
            decision_of(person, rules, way, when, gate).outcome is Outcome.GRANT
            for rules in (before, after)
        )
        if could != can:
            changed[can].append(span)
    for gains, spans in changed.items():
        if spans:
            yield gains, tuple(_joined(spans))


def _moments(
    before: Rules, after: Rules, today: date, zone: tzinfo | None
) -> Iterator[tuple[Span, datetime]]:
    """One moment in each stretch of each kind of day within which neither rules change."""
    edges = sorted({0, _DAY, *_edges(before), *_edges(after)})
    for name, day in _days(before, after, today):
        for start, end in pairwise(edges):
            yield (name, start, end), datetime.combine(day, time(), zone) + timedelta(minutes=start)


def _edges(rules: Rules) -> Iterator[int]:
    for schedule in rules.schedules.values():
        for windows in schedule.windows.values():
            for window in windows:
                yield window.start
                yield window.end if window.end <= _DAY else window.end - _DAY


def _days(before: Rules, after: Rules, today: date) -> Iterator[tuple[str, date]]:
    """An ordinary day for each weekday, a holiday, and dates that count as something else now."""
    ahead = [today + timedelta(days=day) for day in range(_AHEAD)]
    for name in DAYS:
        plain = (
            day
            for day in ahead
            if DAYS[day.weekday()] == name
            and not {day, day - timedelta(days=1)} & (before.days.keys() | after.days.keys())
        )
        yield from ((name, day) for day in [next(plain, None)] if day is not None)
    both = [d for d in ahead if day_kind(d, before.days) == day_kind(d, after.days) == HOLIDAY]
    yield from ((HOLIDAY, day) for day in both[:1])
    seen: set[tuple[str, str, str]] = set()
    for day in ahead:
        kinds = day_kind(day, before.days), day_kind(day, after.days)
        sort = (DAYS[day.weekday()], *kinds)
        if kinds[0] != kinds[1] and sort not in seen and len(seen) < _MOST_DATES:
            seen.add(sort)
            yield f"{day}", day


def _signature(
    person: Person, moments: Sequence[tuple[Span, datetime]], before: Rules, after: Rules
) -> Person:
    """The person without whatever the policy does not look at in these moments."""
    first = min(when for _, when in moments)
    last = max(when for _, when in moments)
    begin, end = person.valid_from, person.valid_until
    named = {group for rules in (before, after) for a in rules.allow for group in a.groups}
    named |= before.lockdown_groups | after.lockdown_groups
    limit = max(before.face_alone_from_age, after.face_alone_from_age)
    born = person.born
    if born is not None and age_on(born, first.date()) >= limit:
        born = None
    elif born is not None and age_on(born, last.date()) < limit:
        born = first.date()  # a child throughout, of whatever age
    return Person(
        0,
        "",
        person.kind,
        valid_from=None if begin is None or begin <= first else begin,
        valid_until=None if end is None or end > last else end,
        groups=person.groups & named,
        face_alone=person.face_alone,
        born=born,
    )


def _unnamed(gates: Sequence[str], *all_rules: Rules) -> tuple[str, ...]:
    """The gates no rule names: the policy answers alike at each of them."""
    named = {gate for rules in all_rules for allow in rules.allow for gate in allow.gates}
    return tuple(gate for gate in gates if gate not in named)


def _represented(gates: Sequence[str], alike: Sequence[str]) -> list[str]:
    """One gate for all that are alike, and the others."""
    return [gate for gate in gates if gate not in alike[1:]]


def _gathered(
    found: Mapping[tuple[bool, str, Method, tuple[Span, ...]], list[int]],
    gates: Sequence[str],
    alike: Sequence[str],
) -> list[Effect]:
    """The same people, times and direction in one, whatever the gate and way."""
    joined: dict[tuple[bool, tuple[Span, ...], tuple[int, ...], Method], set[str]] = {}
    for (gains, gate, way, spans), numbers in found.items():
        where = set(alike) if gate in alike else {gate}
        joined.setdefault((gains, spans, tuple(sorted(numbers)), way), set()).update(where)
    again: dict[tuple[bool, tuple[Span, ...], tuple[int, ...], tuple[str, ...]], set[Method]] = {}
    for (gains, spans, people, way), where in joined.items():
        names = () if where == set(gates) else tuple(sorted(where))
        again.setdefault((gains, spans, people, names), set()).add(way)
    found_effects = [
        Effect(people, gains, names, tuple(way for way in Method if way in ways), spans)
        for (gains, spans, people, names), ways in again.items()
    ]
    return sorted(found_effects, key=lambda one: (one.gains, -len(one.people), one.people))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbouring stretches of a day as one."""
    last: Span | None = None
    for day, start, end in spans:
        if last is not None and last[0] == day and last[2] == start:
            last = (day, last[1], end)
            continue
        if last is not None:
            yield last
        last = (day, start, end)
    if last is not None:
        yield last


def as_schedule(spans: Iterable[Span]) -> tuple[Schedule, list[Span]]:
    """The part of ``spans`` that comes back each week as a schedule, and the dates."""
    windows: dict[str, tuple[Window, ...]] = {}
    dates = []
    for day, start, end in spans:
        if day in (*DAYS, HOLIDAY):
            windows[day] = (*windows.get(day, ()), Window(start, end))
        else:
            dates.append((day, start, end))
    return Schedule(windows), dates
