"""What happens at the gates, passed on as it is written: cursor, new lines, messages.

A reader that comes back says where it was, gate by gate, and gets every line since; sequence
numbers of a gate have no gaps and are committed in order, so no line is skipped or comes twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

from sqlalchemy import func, select

from enroll.history import ALARMS, PASSAGES
from gate.store.engine import Database
from gate.store.tables import EventRow, SequenceRow

# what the desk shows as it happens: not every movement of the lock
TYPES = (
    *PASSAGES,
    *ALARMS,
    "camera.back",
    "camera.clear",
    "device.back",
    "door.emergency",
    "door.exit",
    "door.recovered",
    "door.refused",
    "gallery.usable",
    "gate.mode",
    "gate.started",
    "gate.stopped",
)
Cursor = dict[str, int]
MOST = 200  # lines of a gate at one time
_MEMBERS = 64  # gates a cursor may name


def write_cursor(cursor: Mapping[str, int]) -> str:
    """``gate:sequence`` pairs as one word without spaces, safe in an address and a header."""
    return ",".join(f"{quote(gate, safe='')}:{sequence}" for gate, sequence in cursor.items())


def read_cursor(text: str) -> Cursor:
    """The cursor of ``text``; what is no pair is left out, so a forged one only shows less or more
    of what its reader may see anyway."""
    cursor: Cursor = {}
    for pair in text.split(",")[:_MEMBERS]:
        gate, _, sequence = pair.partition(":")
        if gate and sequence.isascii() and sequence.isdigit() and len(sequence) < 19:
            cursor[unquote(gate)] = int(sequence)
    return cursor


def now(database: Database) -> Cursor:
    """The end of every gate's events."""
    with database.read() as session:
        # the end of an index for each gate: grouping by gate would read the whole of it
        last = (
            select(func.max(EventRow.sequence))
            .where(EventRow.gate == SequenceRow.gate)
            .scalar_subquery()
        )
        rows = session.execute(select(SequenceRow.gate, last.label("last")))
        return {row.gate: row.last for row in rows if row.last is not None}


def since(database: Database, cursor: Cursor) -> tuple[list[EventRow], Cursor]:
    """Lines after ``cursor``, oldest first, and the cursor behind them.

    A gate the cursor does not name is new and shown from its first event.
    """
    found: list[EventRow] = []
    moved = dict(cursor)
    with database.read() as session:
        for gate in session.scalars(select(SequenceRow.gate)).all():
            query = (
                select(EventRow)
                .where(
                    EventRow.gate == gate,
                    EventRow.sequence > cursor.get(gate, 0),
                    EventRow.type.in_(TYPES),
                )
                .order_by(EventRow.sequence)
                .limit(MOST)
            )
            rows = list(session.scalars(query))
            if rows:
                moved[gate] = rows[-1].sequence
            found += rows
    return sorted(found, key=lambda row: (row.time, row.gate, row.sequence)), moved


def message(event: str, data: object, id: str = "") -> str:
    """One server-sent event; the data as JSON, which has no line breaks."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
