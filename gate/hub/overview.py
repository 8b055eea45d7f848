"""Every gate of the register and its box, as the desk shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gate.fleet.scope import Scope, people_in, placed
from gate.hub.boxes import Boxes
from gate.store.store import Store

SILENT = timedelta(seconds=30)  # three beats


@dataclass(frozen=True, slots=True)
class Line:
    """What is not known is None or "".

    Attributes:
        box: of the box in use, the beginning of its id; "" for a gate that has none.
        off: by how many seconds the box's clock differed from the hub's at its last beat.
        people: how many are on the box; ``expected``: how many should be.
        behind: changes the box has not applied yet.
    """

    gate: str
    area: str
    box: str
    connected: bool
    seen: datetime | None
    version: str
    off: float | None
    outbox: int | None
    people: int | None
    expected: int
    behind: int | None
    faults: tuple[str, ...]


def overview(store: Store, now: datetime) -> list[Line]:
    """By the names of the gates. Raises StoreError."""
    boxes = Boxes(store)
    in_use = {row.gate: row for row in boxes.all()}
    generation = store.changes.generation()
    gates = [(gate, Scope.of(gate)) for gate in boxes.gates()]
    register = [] if all(scope.everybody for _, scope in gates) else placed(store)
    count = len(register) or store.people.count()
    lines = []
    for gate, scope in gates:
        expected = count if scope.everybody else len(people_in(register, scope))
        row = in_use.get(gate.name)
        status: dict[str, Any] = row.status if row else {}
        seen = row.seen if row else None
        clock = status.get("clock")
        off = (datetime.fromisoformat(clock) - seen).total_seconds() if clock and seen else None
        lines.append(
            Line(
                gate=gate.name,
                area=gate.area,
                box=row.id[:8] if row else "",
                connected=seen is not None and now - seen < SILENT,
                seen=seen,
                version=str(status.get("version", "")),
                off=off,
                outbox=status.get("outbox"),
                people=status.get("people"),
                expected=expected,
                behind=max(0, generation - row.cursor) if row and seen else None,
                faults=tuple(status.get("things", {}).get("gate", {}).get("faults", ())),
            )
        )
    return lines
