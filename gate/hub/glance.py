"""One look at the register for all boxes that wait: whether there may be something for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from anyio.to_thread import run_sync
from sqlalchemy import select

from gate.fleet.scope import Scope
from gate.hub.feed import mark_of
from gate.store.store import Store
from gate.store.tables import ChangeRow, GateRow, HeadRow, OrderRow
from gate.store.tables.base import now

_FRESH = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Glance:
    """The register at one moment.

    Attributes:
        head: number of the newest change, 0 for none, and its mark.
        scopes: of each gate, with their numbers.
        ordered: gates with orders that are waiting.
        seen: number of the newest sighting.
    """

    head: int
    mark: str
    scopes: Mapping[str, tuple[int, Scope]]
    ordered: frozenset[str]
    seen: int

    def nothing_for(self, gate: str, n: int, mark: str, scope: int, seen: int | None) -> bool:
        """Whether a box that has come so far has everything."""
        return (n, mark) == (self.head, self.mark) and not self.pressing(gate, n, scope, seen)

    def pressing(self, gate: str, n: int, scope: int, seen: int | None) -> bool:
        """Whether a box has to be answered at once, whomever the changes concern."""
        return (
            n > self.head
            or gate in self.ordered
            or (gate in self.scopes and self.scopes[gate][0] != scope)
            or seen not in (None, self.seen)
        )


def glance(store: Store) -> Glance:
    """Raises StoreError."""
    waiting = select(OrderRow.gate).where(OrderRow.taken.is_(None), OrderRow.expires > now())
    with store.database.read() as session:
        last = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
        return Glance(
            last.id if last else 0,
            mark_of(last) if last else "",
            {row.name: (row.scope, Scope.of(row)) for row in session.scalars(select(GateRow))},
            frozenset(session.scalars(waiting)),
            session.scalar(select(HeadRow.n).where(HeadRow.name == "sightings")) or 0,
        )


class Glances:
    """Belongs to the server's event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._of: tuple[object, float, Glance] | None = None

    async def after(self, ticket: object) -> Glance:
        """A look that was taken after the waker gave out ``ticket``. Raises StoreError."""
        async with self._lock:  # one looks, the others have it
            if self._of is not None:
                before, at, kept = self._of
                if before is ticket and time.monotonic() - at < _FRESH:
                    return kept
            at = time.monotonic()
            seen = await run_sync(glance, self._store)
            self._of = ticket, at, seen
            return seen
