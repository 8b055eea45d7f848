"""Events in the database. Written through ``Store.writer``; read here."""

from __future__ import annotations

import time as _time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from gate.events.event import Event
from gate.store.engine import Database
from gate.store.tables import AcknowledgementRow, EventRow, OutboxRow, SequenceRow
from gate.store.tables.base import now

_PIECE = 2_000  # events deleted in one transaction
_PAUSE = 0.05  # seconds between two: SQLite asks for the lock every few dozen milliseconds


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
        series: dict[str, SequenceRow] = {}
        for event in events:
            row = series.get(event.gate)
            if row is None:
                row = series[event.gate] = series_of(session, event.gate)
            row.last += 1
            numbered.append(event.numbered(row.last, row.epoch))
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
        session.flush()
        return numbered

    def new_epoch(self, above: int = 0) -> None:
        """Begin a new series of numbers for every gate, higher than its own and than ``above``:
        this database was put back from a backup, and reuses numbers that receivers have seen."""
        with self._database.write() as session:
            for row in session.scalars(select(SequenceRow)):
                row.epoch = max(row.epoch + 1, above + 1, int(now().timestamp()))

    def last_sequence(self, gate: str) -> int:
        with self._database.read() as session:
            row = session.get(SequenceRow, gate)
            return row.last if row else 0

    def series(self) -> dict[str, tuple[int, int]]:
        """Epoch and last number of every gate."""
        with self._database.read() as session:
            return {row.gate: (row.epoch, row.last) for row in session.scalars(select(SequenceRow))}

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

    def backwards(self, gate: str, page: int = 200) -> Iterator[EventRow]:
        """All events of one gate, from the newest to the oldest, read page by page."""
        before: int | None = None
        while True:
            query = select(EventRow).where(EventRow.gate == gate)
            if before is not None:
                query = query.where(EventRow.sequence < before)
            query = query.order_by(EventRow.sequence.desc()).limit(page)
            with self._database.read() as session:
                rows = list(session.scalars(query))
            if not rows:
                return
            yield from rows
            before = rows[-1].sequence

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
        for gate in sorted(self.series()):
            first = select(func.min(EventRow.sequence)).where(
                EventRow.gate == gate, EventRow.time >= time
            )
            with self._database.read() as session:
                lowest = session.scalar(first)
            if lowest is not None:
                yield from self._from(gate, lowest, time, page)

    def _from(self, gate: str, first: int, time: datetime, page: int) -> Iterator[dict[str, Any]]:
        """Events of one gate from the number ``first`` on, in its order, none before ``time``."""
        last = first - 1
        while True:
            query = (
                select(EventRow.sequence, EventRow.time, EventRow.body)
                .where(EventRow.gate == gate, EventRow.sequence > last)
                .order_by(EventRow.sequence)
                .limit(page)
            )
            with self._database.read() as session:
                rows = session.execute(query).all()
            if not rows:
                return
            # a clock put right may have left an older one between the others
            yield from (body for _, at, body in rows if at >= time)
            last = rows[-1][0]

    def count(self, before: datetime | None = None) -> int:
        """How many there are, or how many older than ``before``."""
        query = select(func.count()).select_from(EventRow)
        if before is not None:
            query = query.where(EventRow.time < before)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def forget_before(self, time: datetime) -> int:
        """End of the retention period: remove older events that are delivered. How many.

        In pieces of some thousand, each a transaction of its own, so that passages and orders are
        written in between. When interrupted, the next call goes on.
        """
        waiting = (
            select(OutboxRow.sequence)
            .where(OutboxRow.gate == EventRow.gate, OutboxRow.sequence == EventRow.sequence)
            .exists()
        )
        there = select(EventRow.id).where(EventRow.id == AcknowledgementRow.event).exists()
        count, after = 0, datetime.min.replace(tzinfo=UTC)
        while after < time:
            old = (EventRow.time >= after, EventRow.time < time)
            ends = select(EventRow.time).where(*old).order_by(EventRow.time).offset(_PIECE).limit(1)
            with self._database.write() as session:
                end = session.scalar(ends) or time
                # more than a piece of the very same time go together
                end = end if end > after else end + timedelta(microseconds=1)
                done = session.execute(
                    delete(EventRow).where(EventRow.time >= after, EventRow.time < end, ~waiting)
                )
                count += int(done.rowcount)  # type: ignore[attr-defined]
            after = end
            _time.sleep(_PAUSE)  # others write meanwhile
        with self._database.write() as session:
            # what was noted at an event goes with it
            session.execute(delete(AcknowledgementRow).where(~there))
        return count


def series_of(session: Session, gate: str) -> SequenceRow:
    """The numbers of a gate, locked until the transaction ends; begun if it has none."""
    row = session.get(SequenceRow, gate, with_for_update=True)
    if row is None:
        row = SequenceRow(gate=gate, last=0, epoch=int(now().timestamp()))
        session.add(row)
    return row


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
