"""Whom a change concerns: the boxes on which somebody was, or is now.

Every change goes to every box in the end, so that all come to the same number. But of five hundred
boxes one change is of interest to a few, and these must not wait for the others.
"""

from __future__ import annotations

import threading

from sqlalchemy import select

from gate.fleet.scope import Scope
from gate.hub.feed import mark_of
from gate.store.changes import RULES
from gate.store.engine import pieces
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import BuildingRow, ChangeRow, PersonRow

_KEPT = 2_000  # changes; a box that is further behind is concerned by all
Place = tuple[str, tuple[str, ...]]  # building ("" for none) and groups


class Concerned:
    """Follows the register in memory, about 150 bytes a person. Any thread; raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._at = -1  # followed up to this number; -1: not at all yet
        self._mark = ""  # of that change, see ``gate.hub.feed.mark_of``
        self._where: dict[int, Place] = {}
        # of each change the places before and after it; None: it is for everybody
        self._touched: dict[int, tuple[Place, ...] | None] = {}

    def begin(self) -> None:
        """Follow from now on: what was changed before concerns everybody."""
        with self._lock:
            if self._at < 0:
                self._follow()

    @property
    def begun(self) -> bool:
        return self._at >= 0

    def by(self, scope: Scope, n: int, last: int) -> bool:
        """Whether the changes after ``n`` up to ``last`` concern a box of this scope; True too
        where that is not known."""
        if scope.everybody:
            return True
        with self._lock:
            if self._at < last:
                self._follow()
            return self._judge(scope, n, last)

    def at_once(self, scope: Scope, n: int, last: int) -> bool | None:
        """As ``by``; None where the register had to be read first, or somebody reads it."""
        if scope.everybody:
            return True
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return None if self._at < last else self._judge(scope, n, last)
        finally:
            self._lock.release()

    def follow(self, last: int, mark: str) -> None:
        """Read what was changed up to a number with its mark, so that ``at_once`` knows it; nothing
        before ``begin``."""
        with self._lock:
            if self._at >= 0 and (self._at, self._mark) != (last, mark):
                self._follow()

    def _judge(self, scope: Scope, n: int, last: int) -> bool:
        if n < last - _KEPT:
            return True
        for number in range(n + 1, last + 1):
            places = self._touched.get(number)
            if places is None or any(scope.holds(*place) for place in places):
                return True
        return False

    def _follow(self) -> None:
        with self._store.database.read() as session:
            newest = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
            head, mark = (newest.id, mark_of(newest)) if newest else (0, "")
            before = session.get(ChangeRow, self._at) if self._at > 0 else None
            columns = with_place(select(PersonRow.id, PersonRow.groups, BuildingRow.name))
            another = before is not None and mark_of(before) != self._mark
            if self._at < 0 or head < self._at or another:  # begun, or another history
                rows = session.execute(columns)
                self._where = {id: (name or "", tuple(groups)) for id, groups, name in rows}
                self._touched, self._at, self._mark = {}, head, mark
                return
            changes = session.execute(
                select(ChangeRow.id, ChangeRow.person_id).where(
                    ChangeRow.id > self._at, ChangeRow.id <= head
                )
            ).all()
            people = {person for _, person in changes if person > RULES}
            now: dict[int, Place] = {}
            for some in pieces(people):
                rows = session.execute(columns.where(PersonRow.id.in_(some)))
                now |= {id: (name or "", tuple(groups)) for id, groups, name in rows}
        for number, person in changes:
            both = (self._where.get(person), now.get(person))
            known = tuple(place for place in both if place is not None)
            self._touched[number] = known if person > RULES else None
        for person in people:
            if person in now:
                self._where[person] = now[person]
            else:
                self._where.pop(person, None)
        self._at, self._mark = head, mark
        for number in [number for number in self._touched if number <= head - _KEPT]:
            del self._touched[number]
