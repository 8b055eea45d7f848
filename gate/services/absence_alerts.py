"""Who opted in to absence alerts, kept between runs; the rules are in access/not_seen.py.

Keys in the store: ``not_seen:<person>`` for each, ``not_seen.gate:<gate>`` for when this gate was
last able to see, and the times in which it was not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from gate.access.not_seen import (
    Gap,
    Notice,
    Watched,
    acknowledge,
    check,
    pause,
    seen,
)
from gate.events.event import Event
from gate.store.key_value import beginning_in
from gate.store.store import Store
from gate.store.tables import ConsentRow, PersonRow

EVERY = timedelta(minutes=1)  # between two calls of ``look``
_SILENT = 3 * EVERY  # nobody called: the gate was down
_REMEMBER = timedelta(days=35)
_KEY = "not_seen:"
_MOMENTS = ("since", "seen", "paused_until", "alerted")


class AbsenceAlerts:
    """Used by one thread of the gate; the desk makes its own. Everything raises StoreError.

    Args:
        hours: ``[access.not_seen] hours``; 0 switches it off.
        record: takes the events.
    """

    def __init__(
        self, store: Store, gate: str, hours: float, record: Callable[[Event], object]
    ) -> None:
        self._store, self._gate, self._hours, self._record = store, gate, hours, record

    def look(self, now: datetime, able: bool) -> None:
        """Once a minute. ``able``: the gate works, sees or reads, and is not held open."""
        if self._hours <= 0:
            return
        gaps = self._gaps(now, able)
        people = self.watched(now)
        after, notices = check(people, gaps, now, self._hours)
        self._keep(people, after, notices, now)

    def saw(self, person: int, now: datetime) -> None:
        """Somebody was known by face or card, whatever was decided."""
        if self._hours <= 0:
            return
        people = self.watched(now)
        if person in people:
            self._keep(people, *seen(people, person, now), now)

    def acknowledge(self, person: int, by: str, now: datetime) -> None:
        """A named member of staff is dealing with it. Raises ValueError when nobody is named."""
        people = self.watched(now)
        self._keep(people, *acknowledge(people, person, by, now), now)

    def pause(self, person: int, until: datetime, now: datetime) -> None:
        """Away until then."""
        people = self.watched(now)
        self._keep(people, pause(people, person, until), (), now)

    def forget(self, person: int) -> None:
        """Remove every trace of a deleted person."""
        if self._store.key_values.get(f"{_KEY}{person}"):
            self._store.key_values.set(f"{_KEY}{person}", {})

    def watched(self, now: datetime) -> dict[int, Watched]:
        """Everyone whose latest answer is yes; who withdraws is removed."""
        newest = (
            select(func.max(ConsentRow.id))
            .where(ConsentRow.purpose == "not_seen")
            .group_by(ConsentRow.person_id)
        )
        agreed = (
            select(ConsentRow.person_id, ConsentRow.at)
            .join(PersonRow, PersonRow.id == ConsentRow.person_id)
            .where(ConsentRow.id.in_(newest), ConsentRow.answer == "agreed", PersonRow.active)
        )
        with self._store.database.read() as session:
            rows = session.execute(agreed).all()
            facts = beginning_in(session, _KEY) if rows else {}
        return {person: _load(person, at, facts.get(f"{_KEY}{person}")) for person, at in rows}

    def _keep(
        self,
        before: dict[int, Watched],
        after: dict[int, Watched],
        notices: tuple[Notice, ...],
        now: datetime,
    ) -> None:
        for person, watched in after.items():
            if watched == before[person]:
                continue
            answer = self._store.consents.answer(person, "not_seen")
            values = {
                k: v.isoformat() if k in _MOMENTS and v else v for k, v in asdict(watched).items()
            }
            values["agreed"] = answer.at.isoformat() if answer else None
            self._store.key_values.set(f"{_KEY}{person}", values)
        for notice in notices:
            row = self._store.people.get(notice.person)
            details: dict[str, object] = {"hours": notice.hours} if notice.hours else {}
            details |= {"by": notice.by} if notice.by else {}
            ref = row.ref if row else None
            self._record(
                Event.make(self._gate, notice.change.value, now, person=ref, details=details)
            )

    def _gaps(self, now: datetime, able: bool) -> list[Gap]:
        """The times in which this gate could not know, with the one until now if there is one."""
        key = f"not_seen.gate:{self._gate}"
        fact = self._store.key_values.get(key) or {"alive": now.isoformat(), "gaps": []}
        alive = _moment(fact["alive"]) or now
        pairs = ((_moment(a), _moment(b)) for a, b in fact["gaps"])
        gaps = [Gap(a, b) for a, b in pairs if a and b and now - b < _REMEMBER]
        if now > alive and (not able or now - alive > _SILENT):
            if gaps and gaps[-1].end >= alive:
                gaps[-1] = replace(gaps[-1], end=now)
            else:
                gaps.append(Gap(alive, now))
        kept = [[gap.begin.isoformat(), gap.end.isoformat()] for gap in gaps]
        self._store.key_values.set(key, {"alive": now.isoformat(), "gaps": kept})
        return gaps


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _load(person: int, agreed: datetime, fact: dict[str, Any] | None) -> Watched:
    if not fact or _moment(fact["agreed"]) != agreed:  # a new consent starts afresh
        return Watched(person, since=agreed)
    fact.setdefault("alerted", fact.get("told"))  # as 0.2.0 wrote it
    moments: dict[str, Any] = {name: _moment(fact[name]) for name in _MOMENTS}
    return Watched(person, acknowledged_by=fact["acknowledged_by"], **moments)


def no_more(store: Store, person: int) -> None:
    """Who withdraws has nothing kept of when they were last seen. Raises StoreError."""
    store.key_values.forget(f"{_KEY}{person}")
