"""One look at the register for all boxes that wait: whether there may be something for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from anyio.to_thread import run_sync
from sqlalchemy import select

from gate.fleet.scope import Scope
from gate.hub.feed import mark_of
from gate.hub.orders import Signed, waiting
from gate.store.store import Store
from gate.store.tables import BoxRow, ChangeRow, GateRow, HeadRow, OrderRow

_FRESH = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Seat:
    """What the hub has to know of a box that asks for nothing of the register."""

    box: str
    gate: str
    ends: datetime


@dataclass(frozen=True)
class Glance:
    """The register at one moment.

    Attributes:
        head: number of the newest change, 0 for none, and its mark.
        scopes: of each gate, with their numbers.
        ordered: the orders that are waiting, signed, of each gate that has any.
        seen: number of the newest sighting.
        seats: boxes in use, by the SHA-256 of their certificates, hex.
    """

    head: int
    mark: str
    scopes: Mapping[str, tuple[int, Scope]]
    ordered: Mapping[str, Sequence[Signed]]
    seen: int
    seats: Mapping[str, Seat]

    @cached_property
    def active(self) -> frozenset[str]:
        """The boxes in use, by their ids."""
        return frozenset(seat.box for seat in self.seats.values())

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

    def only_orders(self, gate: str, n: int, mark: str, scope: int, seen: int | None) -> bool:
        """Whether orders are all that is new for a box."""
        return (
            gate in self.ordered
            and (n, mark) == (self.head, self.mark)
            and (gate not in self.scopes or self.scopes[gate][0] == scope)
            and seen in (None, self.seen)
        )


def glance(store: Store, sign: Callable[[Sequence[OrderRow]], list[Signed]]) -> Glance:
    """``sign``: see ``gate.hub.orders``. Raises StoreError."""
    boxes = select(BoxRow.certificate, BoxRow.previous, BoxRow.id, BoxRow.gate, BoxRow.ends)
    with store.database.read() as session:
        last = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
        return Glance(
            last.id if last else 0,
            mark_of(last) if last else "",
            {row.name: (row.scope, Scope.of(row)) for row in session.scalars(select(GateRow))},
            by_gate(sign(session.scalars(waiting()).all())),
            session.scalar(select(HeadRow.n).where(HeadRow.name == "sightings")) or 0,
            {
                certificate: Seat(*seat)
                for *certificates, id, gate, ends in session.execute(
                    boxes.where(BoxRow.state == "active")
                )
                for certificate in certificates
                if certificate
                for seat in [(id, gate, ends)]
            },
        )


def by_gate(orders: Sequence[Signed]) -> dict[str, list[Signed]]:
    found: dict[str, list[Signed]] = {}
    for order in orders:
        found.setdefault(order["gate"], []).append(order)
    return found


class Glances:
    """Belongs to the server's event loop."""

    def __init__(self, look: Callable[[], Glance]) -> None:
        """``look``: a new one; runs in a thread."""
        self._look = look
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
            seen = await run_sync(self._look)
            self._of = ticket, at, seen
            return seen

    def taken(self, gate: str, orders: Iterable[str]) -> None:
        """A box has these orders, by their ids: the look that is kept does not name them again,
        or it would be answered with them until the next one."""
        if self._of is None:
            return
        before, at, kept = self._of
        named = set(orders)
        rest = [order for order in kept.ordered.get(gate, ()) if order["id"] not in named]
        ordered = {**kept.ordered, gate: rest}
        if not rest:
            del ordered[gate]
        self._of = before, at, replace(kept, ordered=ordered)
