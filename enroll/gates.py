"""A gate as the desk sees it: what it says of itself, and its newest events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from enroll import history
from gate.services import gate_status as noticeboard
from gate.store.store import Store
from gate.store.tables import EventRow
from gate.texts.catalogue import word

SILENT = timedelta(seconds=3 * noticeboard.BEAT)
_LIFE = ("gate.started", "gate.stopped")


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
    return _views(store, [gate], now)[0]


def views(store: Store, own: str, now: datetime) -> list[GateView]:
    """Every gate that ever wrote an event, and ``own``, as of now. Raises StoreError."""
    names = history.gates(store.database)
    return _views(store, names if own in names else [own, *names], now)


def _views(store: Store, names: Sequence[str], now: datetime) -> list[GateView]:
    newest = history.newest(store.database, names, (*_LIFE, *history.PASSAGES))
    return [_view(store, name, newest[name], now) for name in names]


def _view(store: Store, gate: str, newest: dict[str, EventRow], now: datetime) -> GateView:
    said, things = noticeboard.read(store.key_values, gate)
    until = things.get("mode", {}).get("until")
    devices: dict[str, dict[str, bool]] = {}
    for thing, value in things.items():
        if thing.startswith("device/"):
            family = devices.setdefault(str(value["family"]), {})
            family[thing.removeprefix("device/")] = bool(value["up"])
    known = {f"{family}.{name}" for family, names in devices.items() for name in names}
    passages = [newest[kind] for kind in history.PASSAGES if kind in newest]
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
        liveness=mode != "off" if (mode := things.get("liveness", {}).get("mode")) else None,
        passage=max(passages, key=lambda row: row.time, default=None),
    )


def fault_in_words(fault: str, language: str) -> str:
    """``relay.board`` as 继电器 board: the part in words, the name that was given to it."""
    part, _, name = fault.partition(".")
    if part == "view":  # of a camera, named with what is wrong with it
        camera, _, problem = name.rpartition("-")
        return f"{word('event', f'camera.{problem}', language)} {camera}"
    return called(word("fault", part, language), "" if name == part else name)


def called(kind: str, name: str) -> str:
    """A part in words with its own name; the kind is left out where the name says it already."""
    return name if name and kind in name else f"{kind} {name}".strip()


def tone(gate: GateView) -> str:
    """How a gate looks from across the desk: "bad", "warn", "good", or "plain" if it never ran."""
    broken = gate.faults or any(not up for names in gate.devices.values() for up in names.values())
    state = gate.door.get("state", "")
    if not gate.running:
        return "plain"
    if gate.running != "running" or state in ("fault", "forced_open") or gate.mode == "fire":
        return "bad"
    return "warn" if broken or gate.mode != "normal" or gate.door.get("tamper") else "good"


def _running(said: datetime | None, newest: dict[str, EventRow], now: datetime) -> str:
    started, stopped = (newest.get(kind) for kind in _LIFE)
    if started is None:
        return ""
    if stopped is not None and stopped.time >= started.time:
        return "stopped"
    return "running" if said is not None and now - said < SILENT else "silent"
