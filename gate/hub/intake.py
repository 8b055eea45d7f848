"""Events of the boxes: each written once, in the order of its gate and epoch.

The hub's own table numbers the events of a gate through, whatever box and epoch they are of; the
body stays as the box wrote it. How far the numbers of a gate and epoch have come is one locked
row, so two hubs asked by the same box at once cannot write an event twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.store.events import series_of
from gate.store.store import Store
from gate.store.tables import EventRow, IntakeRow
from gate.store.tables.base import now

MOST = 500  # events in one message
# members that pages and figures read, besides those every event has
_MEMBERS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("passage", "method", "decision", "rule", "person"), str),
    **dict.fromkeys(("scores", "versions", "temperature", "details"), dict),
    "reasons": list,
    "latency": (int, float),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """The highest number without a gap, and how many events are new.

    ``lost``: the box has delivered more than this hub has; nothing was taken.
    """

    last: int
    new: int
    lost: bool = False


class Intake:
    """Any thread; raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(
        self,
        gate: str,
        epoch: int,
        floor: int,
        bodies: Sequence[dict[str, Any]],
        *,
        skip: bool = True,
    ) -> Taken:
        """Write what follows without a gap; ``floor`` is the lowest number in the box's outbox.

        What is below the floor and has not come was given up when the outbox was full, or this hub
        was put back from a backup: the box is asked for it, until it says ``skip``. Raises
        StoreError for what is no event of ``gate``.
        """
        events = sorted((_checked(body, gate, epoch) for body in bodies), key=_sequence)
        with self._store.database.write() as session:
            row = session.get(IntakeRow, (gate, epoch), with_for_update=True)
            if floor - 1 > (row.last if row is not None else 0) and not skip:
                return Taken(row.last if row is not None else 0, 0, lost=True)
            if row is None:
                row = IntakeRow(gate=gate, epoch=epoch, last=floor - 1, missed=0)
                session.add(row)
                session.flush()
            elif floor - 1 > row.last:
                row.missed += floor - 1 - row.last
                row.last = floor - 1
            # numbers that are there may be of another event: of a box whose card was copied
            fresh = [body for body in events if body["sequence"] <= row.last]
            last = row.last
            for body in events:
                if body["sequence"] == last + 1:
                    fresh.append(body)
                    last += 1
            fresh = self._unknown(session, fresh)
            self._write(session, gate, fresh)
            row.last, row.at = last, now()
        return Taken(last, len(fresh))

    def _unknown(self, session: Session, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without those that are there under their id: they were sent twice, the hub itself was put
        back from a backup, or the box was and sends an event of before under its old epoch."""
        ids = [body["id"] for body in bodies]
        known = set(session.scalars(select(EventRow.id).where(EventRow.id.in_(ids))))
        return [body for body in bodies if body["id"] not in known]

    def _write(self, session: Session, gate: str, bodies: list[dict[str, Any]]) -> None:
        if not bodies:
            return
        series = series_of(session, gate)
        rows = []
        for body in bodies:
            series.last += 1
            rows.append(_row(body, series.last))
        session.execute(insert(EventRow), rows)


def _sequence(body: dict[str, Any]) -> int:
    return int(body["sequence"])


def _checked(body: Any, gate: str, epoch: int) -> dict[str, Any]:
    """Raises StoreError: a box may only report events of its own gate, whole ones."""
    try:
        fits = body["gate"] == gate and body.get("epoch", 0) == epoch
        fits = fits and isinstance(body["sequence"], int) and body["sequence"] > 0
        fits = fits and isinstance(body["id"], str) and len(body["id"]) <= 36
        fits = fits and isinstance(body["type"], str) and len(body["type"]) <= 60
        fits = fits and datetime.fromisoformat(body["time"]).tzinfo is not None
        fits = fits and all(
            isinstance(body[name], kind) for name, kind in _MEMBERS.items() if name in body
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        fits = False
    if not fits:
        raise StoreError(
            "that is no event of this gate and epoch",
            where=f"gate {gate}, epoch {epoch}",
            hint="update the box's software to that of the hub",
        )
    event: dict[str, Any] = body
    return event


def _row(body: dict[str, Any], number: int) -> dict[str, Any]:
    reasons = body.get("reasons") or [None]
    return {
        "gate": body["gate"],
        "sequence": number,
        "id": body["id"],
        "time": datetime.fromisoformat(body["time"]),
        "type": body["type"],
        "passage": body.get("passage"),
        "person": body.get("person"),
        "method": body.get("method"),
        "decision": body.get("decision"),
        "reason": reasons[0],
        "latency": body.get("latency"),
        "body": body,
    }
