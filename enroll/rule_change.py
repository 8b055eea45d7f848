"""A change to times, rules or the calendar as one value: tried on a copy, applied, undone.

The newest change is kept in the register with what was before it, so its undo survives a restart of
the desk.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from gate.store.rulebook import Rulebook
from gate.store.store import Store
from gate.store.tables import HolidayRow

KEPT = timedelta(minutes=10)
_KEY = "rules:undo"

SCHEDULE, ALLOW, DAYS = "schedule", "allow", "days"
Values = dict[str, Any]  # a name, or a day as text → what is kept under it; None: nothing


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written under the names of one part of the rulebook.

    Attributes:
        part: ``SCHEDULE``: texts; ``ALLOW``: bodies as of an ``[[access.allow]]``; ``DAYS``: pairs
            of what a day counts as and its name.
        values: by name; None takes it away.
    """

    part: str
    values: Mapping[str, Any]


class Draft:
    """The rulebook as it would be with a change; only read."""

    def __init__(self, book: Rulebook, change: Change) -> None:
        self._parts: dict[str, Values] = {
            part: _read(book, part) for part in (SCHEDULE, ALLOW, DAYS)
        }
        for key, value in change.values.items():
            if value is None:
                self._parts[change.part].pop(key, None)
            else:
                self._parts[change.part][key] = value

    def schedules(self) -> dict[str, str]:
        return self._parts[SCHEDULE]

    def allows(self) -> dict[str, dict[str, Any]]:
        return self._parts[ALLOW]

    def holidays(self) -> list[HolidayRow]:
        return [
            HolidayRow(day=date.fromisoformat(day), counts_as=kind, name=name)
            for day, (kind, name) in sorted(self._parts[DAYS].items())
        ]


@dataclass(frozen=True, slots=True)
class Undo:
    """The newest change, as far as it can be undone. ``back`` restores what was before."""

    token: str
    account: str
    at: datetime
    back: Change
    now: Mapping[str, Any]  # what the change left; anything else was changed meanwhile


def apply(store: Store, change: Change, account: str, at: datetime) -> Undo:
    """Write a change and keep how to undo it. Raises AccessError, StoreError."""
    before = _read(store.rulebook, change.part)
    _write(store.rulebook, change)
    after = _read(store.rulebook, change.part)
    undo = Undo(
        secrets.token_urlsafe(9),
        account,
        at,
        Change(change.part, {key: before.get(key) for key in change.values}),
        {key: after.get(key) for key in change.values},
    )
    kept = {"token": undo.token, "account": account, "at": at.isoformat(), "part": change.part}
    store.key_values.set(_KEY, {**kept, "before": dict(undo.back.values), "after": dict(undo.now)})
    return undo


def newest(store: Store, account: str, now: datetime) -> Undo | None:
    """The newest change if this account made it less than ``KEPT`` ago."""
    kept = store.key_values.get(_KEY)
    if kept is None or kept["account"] != account:
        return None
    at = datetime.fromisoformat(kept["at"])
    if not timedelta() <= now - at <= KEPT:
        return None
    return Undo(kept["token"], account, at, Change(kept["part"], kept["before"]), kept["after"])


def undo(store: Store, one: Undo) -> bool:
    """Put back what was before; False when it was changed meanwhile. Raises StoreError."""
    current = _read(store.rulebook, one.back.part)
    if any(current.get(key) != value for key, value in one.now.items()):
        return False
    _write(store.rulebook, one.back)
    store.key_values.forget(_KEY)
    return True


def names(book: Rulebook, part: str) -> frozenset[str]:
    """What is there in a part of the rulebook."""
    return frozenset(_read(book, part))


def _read(book: Rulebook, part: str) -> Values:
    """What is kept, in the form JSON gives it back."""
    if part == SCHEDULE:
        return dict(book.schedules())
    if part == ALLOW:
        return dict(book.allows())
    return {f"{row.day}": [row.counts_as, row.name] for row in book.holidays()}


def _write(book: Rulebook, change: Change) -> None:
    present = _read(book, change.part)
    gone = [key for key, value in change.values.items() if value is None and key in present]
    kept = {key: value for key, value in change.values.items() if value is not None}
    if change.part == SCHEDULE:
        for key, text in kept.items():
            book.set_schedule(key, text)
        for key in gone:
            book.remove_schedule(key)
    elif change.part == ALLOW:
        for key, body in kept.items():
            book.set_allow(key, body)
        for key in gone:
            book.remove_allow(key)
    else:
        days = {date.fromisoformat(key): tuple(value) for key, value in kept.items()}
        book.set_days(days, without=[date.fromisoformat(key) for key in gone])
