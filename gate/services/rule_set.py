"""The people and rules of the site as one immutable value."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from gate.access.decision import Person
from gate.access.entry_status import judge
from gate.access.request import Rules
from gate.access.schedule import Schedule, parse
from gate.access.settings import AccessSettings, PassageSettings
from gate.access.temperature import temperature_finding
from gate.config.settings import Settings
from gate.errors import AccessError
from gate.passage import Context
from gate.services.card_learning import notices
from gate.store.rulebook import allow_of
from gate.store.store import Store
from gate.store.tables import HolidayRow

log = logging.getLogger(__name__)


class People:
    """A program's own copy of the register, kept in step: only who changed is read again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._generation = -1
        self._people: dict[int, Person] = {}

    def now(self) -> Mapping[int, Person]:
        """Everybody, by number, as of now; what was given out before does not change."""
        generation, changed = self._store.changes.since(self._generation)
        if self._generation < 0 or changed is None:
            self._people = self._store.people.register()
        elif changed:
            people = dict(self._people)
            for person in changed:
                people.pop(person, None)
            self._people = people | self._store.people.register(changed)
        self._generation = generation
        return self._people


def build_context(settings: Settings, store: Store, people: People | None = None) -> Context:
    """Register and rules as of now. Raises StoreError.

    Args:
        people: whoever builds one again and again keeps this.
    """
    rules = rules_of(settings.access, store.rulebook)
    rules = replace(rules, liveness_required=settings.liveness.mode == "required")
    for name in unknown_schedules(rules, settings.access.hold_open):
        log.warning("schedule.missing", extra={"schedule": name})
    return Context(
        people=(people or People(store)).now(),
        rules=rules,
        settings=_passage(settings),
        gate=settings.name,
        inward=settings.access.inward,
        names=settings.screen.names,
        temperature=settings.temperature.policy != "off",
        status=settings.status.enabled,
        no_temperature=temperature_finding(None, settings.temperature, 0.0),
        no_status=judge(None, settings.status) if settings.status.enabled else (),
        tells_apart=bool(settings.temperature.view),
        contact=settings.door.contact,
        grace=settings.door.forced_grace,
        notices=notices(store) if settings.learning.enabled else {},
    )


def _passage(settings: Settings) -> PassageSettings:
    """As configured; where a temperature can refuse, whoever was measured can step aside."""
    passage = settings.access.passage
    if settings.temperature.policy != "require":
        return passage
    return passage.model_copy(update={"make_room": passage.show_grant})


class Book(Protocol):
    """What is read of a rulebook; a draft of one has it too."""

    def schedules(self) -> dict[str, str]: ...

    def allows(self) -> dict[str, dict[str, Any]]: ...

    def holidays(self) -> list[HolidayRow]: ...


def rules_of(settings: AccessSettings, book: Book) -> Rules:
    """Those of the file and those of the register in one; on a name clash the register's counts.

    What cannot be read in the register is omitted, and so opens nothing.
    """
    rules = settings.rules()
    allow = {a.name: a for a in rules.allow}
    schedules: dict[str, Schedule] = dict(rules.schedules)
    for name, text in book.schedules().items():
        schedules.pop(name, None)
        try:
            schedules[name] = parse(text)
        except AccessError as error:
            log.error("schedule.unreadable", extra={"schedule": name, "cause": error.what})
    for name, body in book.allows().items():
        allow.pop(name, None)
        try:
            allow[name] = allow_of(name, body).value()
        except AccessError as error:
            log.error("rule.unreadable", extra={"allow": name, "cause": error.what})
    days = {row.day: row.counts_as for row in book.holidays()}
    return replace(
        rules,
        allow=tuple(allow.values()),
        schedules=schedules,
        days={**rules.days, **days},
    )


def unknown_schedules(rules: Rules, hold_open: str = "") -> list[str]:
    """Schedules that are named and do not exist: they are closed."""
    named = {allow.schedule for allow in rules.allow} | {hold_open}
    return sorted(named - {""} - set(rules.schedules))
