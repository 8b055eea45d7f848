"""Alarms grouped by cause, so that a fault that came back eight times is one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from gate.store.tables import EventRow


class Severity(IntEnum):
    """The higher, the sooner somebody has to look."""

    NOTICE = 1
    IMPORTANT = 2
    URGENT = 3


_URGENT = frozenset(
    {
        "attack.presentation",
        "credential.guessing",
        "door.fire",
        "door.forced",
        "door.tamper",
        "passage.duress",
    }
)
_NOTICE = frozenset(
    {"passage.tailgating", "outbox.dropped", "camera.moved", "camera.slow", "door.unsteady"}
)
# what ends an alarm by itself; the others need somebody to have looked
RECOVERIES: dict[str, str] = {
    "camera.lost": "camera.back",
    "camera.covered": "camera.clear",
    "camera.frozen": "camera.clear",
    "camera.moved": "camera.clear",
    "camera.slow": "camera.clear",
    "clock.implausible": "clock.plausible",
    "device.lost": "device.back",
    "gallery.foreign": "gallery.usable",
    "door.fault": "door.recovered",
    "door.held": "door.closed",
    "store.lost": "store.back",
    "store.memory": "gate.started",  # each start from memory says so once more
}
_NAMED_BY = ("camera", "device")
OFTEN = 3  # a fault that came so often needs somebody although it is over


@dataclass(frozen=True, slots=True)
class Group:
    """Alarms of one cause nobody has acknowledged.

    Attributes:
        key: gate, type and device, for forms.
        rows: newest first, at least one.
        over: when it ended by itself after the newest; None while it lasts or if it cannot.
    """

    key: str
    gate: str
    type: str
    severity: Severity
    rows: tuple[EventRow, ...]
    over: datetime | None

    @property
    def newest(self) -> EventRow:
        return self.rows[0]

    @property
    def open(self) -> bool:
        """Whether somebody has to look: it lasts, never ends by itself, or keeps coming back."""
        return self.over is None or len(self.rows) >= OFTEN


def severity_of(type: str) -> Severity:
    """How urgent alarms of ``type`` are."""
    if type in _URGENT:
        return Severity.URGENT
    return Severity.NOTICE if type in _NOTICE else Severity.IMPORTANT


def key_of(row: EventRow) -> str:
    """What alarms of one cause have in common."""
    return "|".join((row.gate, row.type, _device(row)))


def grouped(alarms: Sequence[EventRow], recoveries: Iterable[EventRow]) -> list[Group]:
    """Groups, the open and most severe first, then the newest.

    Args:
        alarms: those nobody has acknowledged, in any order.
        recoveries: events of the types in ``RECOVERIES.values()`` of the same time.
    """
    ended: dict[tuple[str, str, str, str], datetime] = {}
    for row in recoveries:
        place = (row.gate, row.type, _device(row), _detail(row, "was"))
        ended[place] = max(row.time, ended.get(place, row.time))
    causes: dict[str, list[EventRow]] = {}
    for row in sorted(alarms, key=lambda row: (row.time, row.sequence), reverse=True):
        causes.setdefault(key_of(row), []).append(row)
    groups = [_group(key, rows, ended) for key, rows in causes.items()]
    return sorted(
        groups,
        key=lambda group: (group.open, group.severity, group.newest.time),
        reverse=True,
    )


def _group(
    key: str, rows: list[EventRow], ended: dict[tuple[str, str, str, str], datetime]
) -> Group:
    newest = rows[0]
    recovery = RECOVERIES.get(newest.type, "")
    # a camera that is clear again says what it was, and may be something else still
    was = newest.type.partition(".")[2] if recovery == "camera.clear" else ""
    over = ended.get((newest.gate, recovery, _device(newest), was))
    return Group(
        key,
        newest.gate,
        newest.type,
        severity_of(newest.type),
        tuple(rows),
        over if over is not None and over >= newest.time else None,
    )


def _device(row: EventRow) -> str:
    return next((found for name in _NAMED_BY if (found := _detail(row, name))), "")


def _detail(row: EventRow, name: str) -> str:
    details: dict[str, Any] = (row.body or {}).get("details") or {}
    return str(details.get(name, ""))
