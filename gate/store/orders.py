"""Orders of staff to a gate, through the database both share.

The desk writes, the daemon takes. Whoever can write the database can do anything anyway, so an
order needs no signature; orders from elsewhere come signed over MQTT.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from gate.store.engine import Database
from gate.store.heads import wake
from gate.store.tables import OrderRow
from gate.store.tables.base import now

COMMANDS = ("open", "hold", "lockdown", "normal", "emergency", "emergency_ends", "fire_reset")
_VALID = timedelta(seconds=10)
# a door that opens late is a danger, one that is locked late is not: a lock-down waits for a gate
# that is busy or cannot be reached, until it is lifted or given once more
_LOCKS = timedelta(minutes=10)
VOID = "void"  # what became of an order nobody took
_SETTLES = ("lockdown", "normal")  # what makes an earlier lock-down void


def valid() -> ColumnElement[bool]:
    """Of orders: neither too old nor of the future, where the clock was set back meanwhile.

    A lock-down by a desk whose clock is some minutes ahead of the gate's counts all the same.
    """
    near = OrderRow.at <= now() + _VALID
    locks = and_(OrderRow.command == "lockdown", OrderRow.at <= now() + _LOCKS)
    return and_(OrderRow.expires > now(), or_(near, locks))


def void_in(session: Session, *where: ColumnElement[bool]) -> None:
    """What is void stays void, however the clock is set later. Orders that are being taken in this
    moment are left alone."""
    waits = select(OrderRow).where(OrderRow.taken.is_(None), not_(valid()), *where)
    for row in session.scalars(waits.order_by(OrderRow.id).with_for_update(skip_locked=True)):
        row.taken, row.result = now(), VOID


class Orders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        gate: str,
        command: str,
        by: str,
        *,
        until: datetime | None = None,
        reason: str = "",
    ) -> OrderRow:
        """Order a gate. An order the gate has not taken within ten seconds is void, a lock-down
        after ten minutes, or when a later order lifts it."""
        return self.give_all([gate], command, by, until=until, reason=reason)[0]

    def give_all(
        self,
        gates: Iterable[str],
        command: str,
        by: str,
        *,
        until: datetime | None = None,
        reason: str = "",
    ) -> list[OrderRow]:
        """The same to many gates in one transaction: all of them see it at one moment."""
        if command not in COMMANDS:
            raise ValueError(f"no such command: {command}")
        at, names = now(), list(gates)
        expires = at + (_LOCKS if command == "lockdown" else _VALID)
        if command == "lockdown" and until is not None:
            expires = min(expires, until)
        rows = [
            OrderRow(
                gate=gate,
                command=command,
                ordered_by=by,
                until=until,
                reason=reason,
                at=at,
                expires=expires,
            )
            for gate in names
        ]
        with self._database.write(urgent=True) as session:
            if command in _SETTLES:
                self._void_locks(session, names)
            session.add_all(rows)
            session.flush()
            wake(session)
        return rows

    def _void_locks(self, session: Session, gates: list[str]) -> None:
        """Lock-downs these gates have not taken; those that are being taken now are left alone, so
        that two orders to all gates do not wait for each other."""
        waiting = (
            select(OrderRow)
            .where(
                OrderRow.gate.in_(gates), OrderRow.command == "lockdown", OrderRow.taken.is_(None)
            )
            .order_by(OrderRow.id)
            .with_for_update(skip_locked=True)
        )
        for row in session.scalars(waiting):
            row.taken, row.result = now(), VOID

    def take(self, gate: str) -> list[OrderRow]:
        """Orders not taken yet, oldest first; each is given out once."""
        query = select(OrderRow).where(OrderRow.gate == gate, OrderRow.taken.is_(None), valid())
        with self._database.read() as session:
            if session.scalar(query.limit(1)) is None:
                return []
        with self._database.write(urgent=True) as session:
            rows = list(session.scalars(query.order_by(OrderRow.id)))
            for row in rows:
                row.taken = now()
            session.flush()
            return rows

    def void(self, gate: str) -> None:
        """Once at start."""
        with self._database.write(urgent=True) as session:
            void_in(session, OrderRow.gate == gate)

    def done(self, order: int, result: str) -> None:
        """What became of it, for the page: "done" or a reason."""
        with self._database.write(urgent=True) as session:
            row = session.get(OrderRow, order)
            if row is not None:
                row.result = result[:80]

    def latest(self, gate: str = "", limit: int = 20) -> list[OrderRow]:
        query = select(OrderRow).order_by(OrderRow.id.desc()).limit(limit)
        if gate:
            query = query.where(OrderRow.gate == gate)
        with self._database.read() as session:
            return list(session.scalars(query))
