"""Events of a gate that ran from a copy of its register in memory, passed on to its next start.

They are numbered in an epoch of their own: the disk does not know how far their numbers came. A
small file in the same memory holds them between two starts; a power cut takes it away.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from gate import files
from gate.store.engine import Database, pieces
from gate.store.events import series_of
from gate.store.key_value import KeyValueStore
from gate.store.store import Store
from gate.store.tables import EventRow, OutboxRow, SequenceRow

log = logging.getLogger(__name__)

_BASE = "memory"  # in the copy: how far the numbers on the disk had come, by gate
# seconds; a box without a clock begins each start at the same time, and must not number two runs
# in one epoch
_APART = 1_000_000


def begin(store: Store) -> None:
    """Once a copy was opened: what is recorded from now on is told from what the disk has."""
    store.key_values.set(_BASE, {gate: last for gate, (_, last) in store.events.series().items()})
    store.events.new_epoch(above=int(time.time()) + secrets.randbelow(_APART))


def keep(copy: Path, into: Path) -> int:
    """Add what was recorded in ``copy`` (an SQLite file) to the file ``into``. How many events.

    Raises StoreError, OSError.
    """
    with closing(Database(f"sqlite:///{copy}")) as database:
        base = KeyValueStore(database).get(_BASE)
        lines = list(_lines(database, base)) if base is not None else []
    if lines:
        before = into.read_bytes() if into.exists() else b""
        files.replace(into, before + b"".join(lines), 0o600)
    return len(lines)


def _lines(database: Database, base: dict[str, Any]) -> Iterator[bytes]:
    fresh = [(EventRow.gate == gate) & (EventRow.sequence > last) for gate, last in base.items()]
    query = select(EventRow).where(or_(*fresh, EventRow.gate.not_in(list(base))))
    with database.read() as session:
        for row in session.scalars(query.order_by(EventRow.gate, EventRow.sequence)):
            waiting = session.scalars(
                select(OutboxRow.receiver).where(
                    OutboxRow.gate == row.gate, OutboxRow.sequence == row.sequence
                )
            ).all()
            values = {column.name: getattr(row, column.name) for column in EventRow.__table__.c}
            values["time"] = row.time.isoformat()
            yield json.dumps({"event": values, "waiting": list(waiting)}).encode() + b"\n"


def take_over(store: Store, file: Path) -> int:
    """Write what ``keep`` kept into the register, and remove the file. How many events.

    They keep their numbers where the register has come no further meanwhile; then a new epoch
    begins. What a receiver still has to get waits for it, what it has does not. An event that was
    kept more than once, by a program killed meanwhile, counts as it was kept last. Raises
    StoreError; then nothing was taken over, and the file stays.
    """
    try:
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        log.error("store.memory_events", extra={"cause": f"cannot be read: {error}"})
        return 0
    kept = {one["event"]["id"]: one for one in lines}
    with store.database.write() as session:
        there = _there(session, list(kept))
        new = [one for id, one in kept.items() if id not in there]
        for one in new:
            _write(session, one["event"], one["waiting"])
        session.flush()
    if new:
        store.events.new_epoch(above=max(one["event"]["body"].get("epoch", 0) for one in new))
        log.warning("store.taken_over", extra={"count": len(new)})
    file.unlink(missing_ok=True)
    return len(new)


def _there(session: Session, ids: list[str]) -> set[str]:
    return {
        id
        for some in pieces(ids)
        for id in session.scalars(select(EventRow.id).where(EventRow.id.in_(some)))
    }


def _write(session: Session, event: dict[str, Any], waiting: list[str]) -> None:
    series: SequenceRow = series_of(session, event["gate"])
    values = {**event, "time": datetime.fromisoformat(event["time"])}
    if event["sequence"] > series.last:
        series.last = event["sequence"]
    else:  # the desk has written meanwhile
        series.last += 1
        values["sequence"] = series.last
        values["body"] = {**event["body"], "sequence": series.last, "epoch": series.epoch}
    session.execute(insert(EventRow), [values])
    if waiting:
        session.execute(
            insert(OutboxRow),
            [
                {"gate": event["gate"], "receiver": receiver, "sequence": series.last}
                for receiver in waiting
            ],
        )
