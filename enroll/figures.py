"""Figures of many days: passages by hour, day, gate and way, refusals, health of recognition.

Each day is counted once from its events; days that are over are kept, so a page of a month reads
one day. What is counted is a pure function of rows.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import select

from enroll.history import PASSAGES
from gate.recognition.face import Unusable
from gate.store.engine import Database
from gate.store.tables import EventRow

_KEPT = 400  # days
_FACES = ("face", "face+card")
# reasons for which a face could not be looked at
UNUSABLE = frozenset({*Unusable, "look_here"})
HEALTH = ("first_look", "asked", "unusable", "refused")


class Row(NamedTuple):
    """One event of a passage; ``hour`` local."""

    gate: str
    type: str
    hour: int
    method: str | None
    reason: str | None
    passage: str | None


@dataclass
class Counts:
    """Sums over passages. A passage is counted once in ``health``.

    Attributes:
        granted: by hour of the day, gate and way.
        refused: by gate and reason, of passages denied or asked for more.
        health: by gate and what became of a face: see ``HEALTH``.
        unusable: by gate and the reason.
    """

    granted: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    health: Counter[tuple[str, str]] = field(default_factory=Counter)
    unusable: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        self.granted.update(other.granted)
        self.refused.update(other.refused)
        self.health.update(other.health)
        self.unusable.update(other.unusable)

    def of_gate(self, gate: str) -> Counts:
        """Those of one gate; of all without a name."""
        if not gate:
            return self
        return Counts(
            Counter({key: n for key, n in self.granted.items() if key[1] == gate}),
            Counter({key: n for key, n in self.refused.items() if key[0] == gate}),
            Counter({key: n for key, n in self.health.items() if key[0] == gate}),
            Counter({key: n for key, n in self.unusable.items() if key[0] == gate}),
        )

    def by(self, place: int) -> Counter[str | int]:
        """Passages by one part of their key: 0 hour, 1 gate, 2 way."""
        found: Counter[str | int] = Counter()
        for key, count in self.granted.items():
            found[key[place]] += count
        return found


def count(rows: Iterable[Row]) -> Counts:
    """The counts of rows in the order of time. Pure."""
    found = Counts()
    faces: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        if row.type == PASSAGES[0]:
            found.granted[row.hour, row.gate, row.method or "none"] += 1
        else:
            found.refused[row.gate, row.reason or ""] += 1
        if row.method in _FACES or (row.passage in faces):
            faces.setdefault(row.passage or f"{number}", []).append(row)
    for some in faces.values():
        gate = some[0].gate
        reason = next((row.reason for row in some if row.reason in UNUSABLE), None)
        if reason is not None:
            found.unusable[gate, reason] += 1
        found.health[gate, _became(some, reason)] += 1
    return found


def _became(some: list[Row], unusable: str | None) -> str:
    if unusable is not None:
        return "unusable"
    first = some[0].type
    return {"passage.granted": "first_look", "passage.asked": "asked"}.get(first, "refused")


class Figures:
    """Counts of days, each read once. For all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._days: OrderedDict[date, Counts] = OrderedDict()

    def of_days(
        self, database: Database, first: date, last: date, today: date
    ) -> dict[date, Counts]:
        """Each local day from ``first`` to ``last``. Raises StoreError."""
        found = {}
        for ahead in range((last - first).days + 1):
            day = first + timedelta(days=ahead)
            with self._lock:
                known = self._days.get(day) if day < today else None
            if known is None:
                known = count(_rows(database, day))
            found[day] = known
            if day < today:
                with self._lock:
                    self._days[day] = known
                    while len(self._days) > _KEPT:
                        self._days.popitem(last=False)
        return found


def together(days: Mapping[date, Counts]) -> Counts:
    """The sum of days."""
    whole = Counts()
    for one in days.values():
        whole.add(one)
    return whole


def _rows(database: Database, day: date) -> list[Row]:
    begin = datetime.combine(day, time()).astimezone()
    query = (
        select(
            EventRow.gate,
            EventRow.type,
            EventRow.time,
            EventRow.method,
            EventRow.reason,
            EventRow.passage,
        )
        .where(
            EventRow.type.in_(PASSAGES),
            EventRow.time >= begin,
            EventRow.time < datetime.combine(day + timedelta(days=1), time()).astimezone(),
        )
        .order_by(EventRow.time)
    )
    with database.read() as session:
        return [
            Row(gate, kind, at.astimezone().hour, method, reason, passage)
            for gate, kind, at, method, reason, passage in session.execute(query)
        ]
