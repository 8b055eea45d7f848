"""What a change of the rules does, in words, before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from enroll import history, person_ways, rule_effects, rule_words
from enroll.desk import Desk
from enroll.rule_change import Change, Draft
from enroll.rule_effects import Effect, Span
from enroll.weekly_grid import clock_of
from gate.access.request import Allow, Rules
from gate.store.rulebook import allow_of
from gate.texts.catalogue import translator

NAMED = 12  # people named of each effect


@dataclass(frozen=True, slots=True)
class Line:
    """One effect: its sentence, and the first of the people with their numbers."""

    gains: bool
    sentence: str
    people: tuple[tuple[int, str], ...]
    more: int


def gates_of(desk: Desk) -> list[str]:
    """Every gate that is known; at least the desk's own."""
    known = history.gates(desk.store.database)
    return known if desk.gate in known else sorted([desk.gate, *known])


def check(change: Change) -> None:
    """Raises AccessError for a body that has no meaning."""
    if change.part == "allow":
        for name, body in change.values.items():
            if body is not None:
                allow_of(name, body)


def lines(desk: Desk, change: Change, now: datetime, language: str) -> list[Line]:
    """What changes for whom, by the policy. Raises AccessError, StoreError."""
    check(change)
    after = desk.rules(Draft(desk.store.rulebook, change))
    before = desk.rules()
    everybody = desk.store.people.register()
    ways = person_ways.of_everybody(desk.store.database, now)
    local = now.astimezone()
    found = rule_effects.effects(
        before,
        after,
        ((everybody[number], some) for number, some in ways.items() if number in everybody),
        gates_of(desk),
        local.date(),
        local.tzinfo,
    )
    names = {number: person.name for number, person in everybody.items()}
    return [_line(one, names, language) for one in found]


def sentences(rules: Rules, allows: Iterable[Allow], language: str) -> dict[str, str]:
    """Each rule in words, by its name."""
    return {allow.name: rule_words.rule(allow, rules.schedules, language) for allow in allows}


def when(spans: Iterable[Span], language: str) -> str:
    """The times of an effect in words."""
    _ = translator(language)
    times, dates = rule_effects.as_schedule(spans)
    parts = [rule_words.schedule(times, language)] if times.windows else []
    hours: dict[tuple[int, int], list[str]] = {}
    for day, start, end in dates:
        hours.setdefault((start, end), []).append(day)
    for (start, end), days in hours.items():
        parts.append(f"{', '.join(days)} {clock_of(start)}–{clock_of(end)}")
    return _("; ").join(parts)


def _line(effect: Effect, names: dict[int, str], language: str) -> Line:
    _ = translator(language)
    count = len(effect.people)
    if effect.gains:
        text = _("One more person may pass") if count == 1 else _("{count} more people may pass")
    else:
        text = _("One person loses") if count == 1 else _("{count} people lose")
    about = Allow("", methods=frozenset(effect.ways))
    sentence = _("{people}: {ways}, {when}, {where}").format(
        people=text.format(count=count),
        ways=rule_words.ways(about, language),
        when=when(effect.spans, language),
        where=rule_words.where(effect.gates, language),
    )
    shown = tuple((number, names[number]) for number in effect.people[:NAMED])
    return Line(effect.gains, sentence, shown, count - len(shown))
