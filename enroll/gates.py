"""A gate as the desk sees it: what it says of itself, and its newest events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from enroll import history
from gate.services import gate_status as noticeboard
from gate.store.store import Store
from gate.store.tables import EventRow

SILENT = timedelta(seconds=3 * noticeboard.BEAT)
_LIFE = ("gate.started", "gate.stopped")
_PASSAGES = ("passage.granted", "passage.denied", "passage.asked")


@dataclass(frozen=True, slots=True)
class GateView:
    """What is not known is None, "" or empty.

    Attributes:
        said: when it last spoke.
        running: "running", "stopped" or "silent"; "" for a gate that never ran.
        devices: family (camera, reader, sensor) → name → whether it answers.
        faults: parts out of order that are no such device: "relay.board".
    """

    name: str
    said: datetime | None
    running: str
    door: dict[str, Any]
    mode: str
    until: datetime | None
    devices: dict[str, dict[str, bool]]
    faults: tuple[str, ...]
    encoder: str
    software: str
    enrolled: int | None
    liveness: bool | None
    passage: EventRow | None


def view(store: Store, gate: str, now: datetime) -> GateView:
    """The gate as of now. Raises StoreError."""
    said, things = noticeboard.read(store.key_values, gate)
    newest = history.newest(store.database, gate, (*_LIFE, *_PASSAGES))
    until = things.get("mode", {}).get("until")
    devices: dict[str, dict[str, bool]] = {}
    for thing, value in things.items():
        if thing.startswith("device/"):
            family = devices.setdefault(str(value["family"]), {})
            family[thing.removeprefix("device/")] = bool(value["up"])
    known = {f"{family}.{name}" for family, names in devices.items() for name in names}
    passages = [newest[kind] for kind in _PASSAGES if kind in newest]
    return GateView(
        name=gate,
        said=said,
        running=_running(said, newest, now),
        door=things.get("door", {}),
        mode=things.get("mode", {}).get("mode", "normal"),
        until=datetime.fromisoformat(until) if until else None,
        devices=devices,
        faults=tuple(f for f in things.get("gate", {}).get("faults", ()) if f not in known),
        encoder=str(things.get("encoder", {}).get("encoder", "")),
        software=str(things.get("gate", {}).get("software", "")),
        enrolled=things.get("gallery", {}).get("people"),
        liveness=things.get("liveness", {}).get("active"),
        passage=max(passages, key=lambda row: row.time, default=None),
    )


def _running(said: datetime | None, newest: dict[str, EventRow], now: datetime) -> str:
    started, stopped = (newest.get(kind) for kind in _LIFE)
    if started is None:
        return ""
    if stopped is not None and stopped.time >= started.time:
        return "stopped"
    return "running" if said is not None and now - said < SILENT else "silent"
