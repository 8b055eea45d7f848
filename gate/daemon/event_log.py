"""One line of the log for each thing that happened at the door: decision, door, fire, device.

The line says what the event says, with the person's pseudonym only; figures that describe a body
(temperature) or a face (scores) are left out. ``gate.log.Throttle`` limits the lines of one type.
"""

from __future__ import annotations

import logging
from typing import Any

from gate.events.event import Event

log = logging.getLogger("gate.events")

# what somebody has to look at; everything else happened as it should
_WARNING = frozenset(
    {"passage.tailgating", "passage.duress", "door.held", "door.forced", "door.fire", "door.fault"}
    | {"door.tamper", "door.lockdown", "door.refused", "gate.fault", "camera.lost", "device.lost"}
    | {
        "camera.covered",
        "camera.frozen",
        "camera.moved",
        "camera.slow",
        "door.unsteady",
        "credential.guessing",
        "store.lost",
        "store.memory",
    }
    | {"gallery.foreign"}
    | {"credential.dropped", "command.refused", "attack.presentation", "outbox.dropped"}
    | {"attack.suspected"}
    | {"clock.jumped", "clock.unsynchronised", "clock.implausible", "person.not_seen"}
)
# what the record itself has under these names cannot be given again
_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def line(event: Event) -> tuple[int, dict[str, Any]]:
    """The level and the values of the line. Pure."""
    values: dict[str, Any] = {"gate": event.gate}
    for key in ("passage", "decision", "method", "rule", "person"):
        if getattr(event, key):
            values[key] = getattr(event, key)
    if event.reasons:
        values["reasons"] = ",".join(event.reasons)
    if event.latency is not None:
        values["latency_ms"] = round(event.latency)
    for key, value in event.details.items():
        if isinstance(value, str | int | float | bool) and key not in (_TAKEN | values.keys()):
            values[key] = value
    return logging.WARNING if event.type in _WARNING else logging.INFO, values


def write(event: Event) -> None:
    """Log ``event``."""
    level, values = line(event)
    log.log(level, event.type, extra=values)
