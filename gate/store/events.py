"""Events in the database. Written through ``Store.writer``; read here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_
from sqlalchemy.orm import Session

from gate.events.event import Event
from gate.store.engine import Database
from gate.store.tables import AcknowledgementRow, EventRow, OutboxRow, SequenceRow


class Events:
    def __init__(self, database: Database, receivers: Sequence[str] = ()) -> None:
        self._database = database
        # who gets every event: names in the outbox, e.g. "mqtt", "webhook"
        self.receivers = tuple(receivers)

    def append(self, events: Sequence[Event]) -> list[Event]:
        """Write events and their outbox rows in one transaction; returns them numbered.

        Raises StoreError; then nothing of them was written.
        """
        with self._database.write() as session:
            return self.append_in(session, events)

    def append_in(self, session: Session, events: Sequence[Event]) -> list[Event]:
        """The same, in the transaction of what the events are about."""
        numbered = []
        last: dict[str, int] = {}
        for event in events:
            if event.gate not in last:
                row = session.get(SequenceRow, event.gate, with_for_update=True)
                last[event.gate] = row.last if row else 0
            last[event.gate] += 1
            numbered.append(event.numbered(last[event.gate]))
        if not numbered:
            return []
        session.execute(insert(EventRow), [_row(event) for event in numbered])
        if self.receivers:
            session.execute(
                insert(OutboxRow),
                [
                    {"gate": event.gate, "receiver": receiver, "sequence": event.sequence}
                    for event in numbered
                    for receiver in self.receivers
                ],
            )
        for gate, value in last.items():
            session.merge(SequenceRow(gate=gate, last=value))
        return numbered

    def last_sequence(self, gate: str) -> int:
        with self._database.read() as session:
            row = session.get(SequenceRow, gate)
            return row.last if row else 0

    def get(self, id: str) -> EventRow | None:
        with self._database.read() as session:
            return session.scalar(select(EventRow).where(EventRow.id == id))

    def passage(self, passage: str) -> list[EventRow]:
        """All events of one passage, in order."""
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(EventRow).where(EventRow.passage == passage).order_by(EventRow.sequence)
                )
            )

    def search(
        self,
        *,
        gate: str = "",
        types: Sequence[str] = (),
        person: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before: tuple[datetime, int] | None = None,
        limit: int = 100,
    ) -> list[EventRow]:
        """Newest first. ``before`` is time and sequence of the last row of the page before."""
        where: list[ColumnElement[bool]] = []
        if gate:
            where.append(EventRow.gate == gate)
        if types:
            where.append(EventRow.type.in_(list(types)))
        if person:
            where.append(EventRow.person == person)
        if since is not None:
            where.append(EventRow.time >= since)
        if until is not None:
            where.append(EventRow.time < until)
        if before is not None:
            where.append(EventRow.time <= before[0])
            where.append((EventRow.time < before[0]) | (EventRow.sequence < before[1]))
        query = select(EventRow).where(*where)
        query = query.order_by(EventRow.time.desc(), EventRow.sequence.desc()).limit(limit)
        with self._database.read() as session:
            return list(session.scalars(query))

    def since(self, time: datetime, page: int = 500) -> Iterator[dict[str, Any]]:
        """The bodies of all events from ``time`` on, gate by gate in the order of their sequence.

        Read page by page: no transaction stays open between two of them.
        """
        last = ("", 0)
        while True:
            query = (
                select(EventRow.gate, EventRow.sequence, EventRow.body)
                .where(EventRow.time >= time, tuple_(EventRow.gate, EventRow.sequence) > last)
                .order_by(EventRow.gate, EventRow.sequence)
                .limit(page)
            )
            with self._database.read() as session:
                rows = session.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield row[2]
            last = (rows[-1][0], rows[-1][1])

    def count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(EventRow)) or 0

    def forget_before(self, time: datetime) -> int:
        """End of the retention period: remove older events that are delivered. How many."""
        waiting = (
            select(OutboxRow.sequence)
            .where(OutboxRow.gate == EventRow.gate, OutboxRow.sequence == EventRow.sequence)
            .exists()
        )
        with self._database.write() as session:
            done = session.execute(delete(EventRow).where(EventRow.time < time, ~waiting))
            # what was noted at an event goes with it
            there = select(EventRow.id).where(EventRow.id == AcknowledgementRow.event).exists()
            session.execute(delete(AcknowledgementRow).where(~there))
            return int(done.rowcount)  # type: ignore[attr-defined]


def _row(event: Event) -> dict[str, object]:
    return {
        "gate": event.gate,
        "sequence": event.sequence,
        "id": event.id,
        "time": event.time,
        "type": event.type,
        "passage": event.passage,
        "person": event.person,
        "method": event.method,
        "decision": event.decision,
        "reason": event.reasons[0] if event.reasons else None,
        "latency": event.latency,
        "body": event.body(),
    }
