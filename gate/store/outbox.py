"""What still has to be delivered, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.orm import Session

from gate.store.engine import Database, pieces
from gate.store.tables import EventRow, OutboxRow


@dataclass(frozen=True, slots=True)
class Dropped:
    """Undelivered events that left a full outbox; they stay in the table of events."""

    receiver: str
    first: int
    last: int
    count: int


class Outbox:
    """The rows of all receivers of one gate."""

    def __init__(self, database: Database, capacity: int) -> None:
        self._database = database
        self.capacity = capacity

    def next(
        self, gate: str, receiver: str, after: int = 0, limit: int = 100
    ) -> list[dict[str, Any]]:
        """The next undelivered events with a sequence above ``after``, in order."""
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(EventRow.body)
                    .join(
                        OutboxRow,
                        and_(
                            OutboxRow.gate == EventRow.gate, OutboxRow.sequence == EventRow.sequence
                        ),
                    )
                    .where(
                        OutboxRow.gate == gate,
                        OutboxRow.receiver == receiver,
                        OutboxRow.sequence > after,
                    )
                    .order_by(OutboxRow.sequence)
                    .limit(limit)
                )
            )

    def delivered(self, gate: str, receiver: str, sequences: Sequence[int]) -> None:
        """The receiver has these: their rows go."""
        with self._database.write() as session:
            take_off(session, gate, receiver, sequences)

    def waiting(self, gate: str, receiver: str) -> int:
        with self._database.read() as session:
            return _waiting(session, gate, receiver)

    def receivers(self, gate: str) -> dict[str, int]:
        """How many events wait for each receiver that has any."""
        query = (
            select(OutboxRow.receiver, func.count())
            .where(OutboxRow.gate == gate)
            .group_by(OutboxRow.receiver)
        )
        with self._database.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def again(self, gate: str, receiver: str, first: int, last: int) -> int:
        """Put events that are still kept into the outbox once more. How many."""
        with self._database.write() as session:
            present = select(OutboxRow.sequence).where(
                OutboxRow.gate == gate, OutboxRow.receiver == receiver
            )
            wanted = session.scalars(
                select(EventRow.sequence).where(
                    EventRow.gate == gate,
                    EventRow.sequence.between(first, last),
                    EventRow.sequence.not_in(present),
                )
            ).all()
            if wanted:
                session.execute(
                    insert(OutboxRow),
                    [{"gate": gate, "receiver": receiver, "sequence": n} for n in wanted],
                )
            return len(wanted)

    def shed(self, session: Session, gate: str, receiver: str) -> Dropped | None:
        """Drop the oldest hundredth when the outbox is full; None when it is not."""
        mine = and_(OutboxRow.gate == gate, OutboxRow.receiver == receiver)
        ends = session.execute(
            select(func.min(OutboxRow.sequence), func.max(OutboxRow.sequence)).where(mine)
        ).one()
        # rows lie close together, so the two ends mostly answer without counting
        if ends[0] is None or ends[1] - ends[0] < self.capacity:
            return None
        if _waiting(session, gate, receiver) <= self.capacity:
            return None
        oldest = session.scalars(
            select(OutboxRow.sequence)
            .where(mine)
            .order_by(OutboxRow.sequence)
            .limit(max(1, self.capacity // 100))
        ).all()
        session.execute(delete(OutboxRow).where(mine, OutboxRow.sequence <= oldest[-1]))
        return Dropped(receiver, oldest[0], oldest[-1], len(oldest))


def take_off(session: Session, gate: str, receiver: str, sequences: Iterable[int]) -> None:
    """``Outbox.delivered`` in the transaction of what else the delivery changes."""
    for some in pieces(sequences, 500):
        session.execute(
            delete(OutboxRow).where(
                OutboxRow.gate == gate,
                OutboxRow.receiver == receiver,
                OutboxRow.sequence.in_(some),
            )
        )


def _waiting(session: Session, gate: str, receiver: str) -> int:
    query = select(func.count()).where(OutboxRow.gate == gate, OutboxRow.receiver == receiver)
    return session.scalar(query) or 0
