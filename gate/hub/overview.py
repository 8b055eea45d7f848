"""Every gate of the register and its box, as the desk shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gate.config.from_hub import digest_of
from gate.fleet.scope import Scope, people_in, placed
from gate.hub.boxes import Boxes
from gate.hub.configurations import Configurations
from gate.hub.doubles import doubled
from gate.store.store import Store

SILENT = timedelta(seconds=30)  # three beats


@dataclass(frozen=True, slots=True)
class CameraLine:
    """What a camera gave of late: medians over the newest people before it, each counted once.

    Attributes:
        people: how many that are; the shares and medians say little below twenty.
        usable: the share of them with a face that could be compared.
        light: mean luminance of the face, 0 to 255; ``sharpness``: 0 to 100.
        reason: what was wrong most often, a code of ``gate.recognition.face.Unusable``.
    """

    name: str
    people: int
    usable: float | None
    light: float | None
    sharpness: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """What is not known is None or "".

    Attributes:
        box: of the box in use, the beginning of its id; "" for a gate that has none.
        off: by how many seconds the box's clock differed from the hub's at its last beat.
        people: how many are on the box; ``expected``: how many should be.
        loading: people who have come, while the box loads everything, and how many there are.
        behind: changes the box has not applied yet.
        doubled: two boxes report as this one.
        configuration: whether it serves with what the hub sets: "same", "waiting", "trial",
            "fetching" (its models; ``why``: how much of them), "refused", "returned" (``why``).
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
    loading: tuple[int, int] | None
    behind: int | None
    faults: tuple[str, ...]
    doubled: bool
    configuration: str
    why: str
    cameras: tuple[CameraLine, ...]


def overview(store: Store, now: datetime) -> list[Line]:
    """By the names of the gates. Raises StoreError."""
    boxes, configurations = Boxes(store), Configurations(store)
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
        loading = status.get("loading")
        state, why = configuration_of(digest_of(configurations.wanted(gate.name)), status)
        off = (datetime.fromisoformat(clock) - seen).total_seconds() if clock and seen else None
        lines.append(
            Line(
                gate=gate.name,
                area=gate.area,
                box=row.id[:8] if row else "",
                connected=seen is not None and abs(now - seen) < SILENT,
                seen=seen,
                version=str(status.get("version", "")),
                off=off,
                outbox=status.get("outbox"),
                people=status.get("people"),
                expected=expected,
                loading=(loading["done"], loading["of"]) if loading else None,
                behind=max(0, generation - row.cursor) if row and seen else None,
                faults=tuple(status.get("things", {}).get("gate", {}).get("faults", ())),
                doubled=doubled(status.get("instances", {}), now),
                configuration=state,
                why=why,
                cameras=tuple(cameras_of(status)),
            )
        )
    return lines


def configuration_of(wanted: str, status: Mapping[str, Any]) -> tuple[str, str]:
    """State and reason, from the digest a gate should have and its box's last beat."""
    said = status.get("configuration")
    if not said:
        return ("waiting" if wanted and status else ""), ""
    if said.get("refused") == wanted != said.get("digest"):
        return said.get("how", "refused"), str(said.get("why", ""))
    if said.get("digest") != wanted:
        if came := said.get("fetching"):
            return "fetching", f"{came['done'] / 1e6:.0f} / {came['of'] / 1e6:.0f} MB"
        return "waiting", ""
    return ("same" if said.get("state") == "running" else "trial"), ""


def cameras_of(status: Mapping[str, Any]) -> Iterator[CameraLine]:
    for name, said in sorted(status.get("cameras", {}).items()):
        yield CameraLine(
            name,
            int(said.get("people", 0)),
            said.get("usable"),
            said.get("light"),
            said.get("sharpness"),
            str(said.get("reason", "")),
        )
