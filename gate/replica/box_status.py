"""What a box reports of itself with each beat; the hub's pages show it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gate import __version__
from gate.services.gate_status import read
from gate.store.store import HUB, Store


def box_status(store: Store, gate: str, folder: Path) -> dict[str, Any]:
    """Version, clock, events that wait, free disk, what is in the register, devices and faults.

    Args:
        gate: the name of this gate.
        folder: of the box's data; need not exist yet.

    Returns:
        ``clock`` as ISO 8601 in UTC, by the machine's own clock, so that the hub sees how wrong it
        is; ``outbox`` events; ``disk`` bytes; ``people``; ``templates`` by encoder; ``things`` as
        ``gate.services.gate_status`` keeps them.
    """
    _, things = read(store.key_values, gate)
    return {
        "version": __version__,
        "clock": datetime.now(UTC).isoformat(),
        "outbox": store.outbox.waiting(gate, HUB),
        "disk": shutil.disk_usage(_existing(folder)).free,
        "people": store.people.count(),
        "templates": store.templates.count(),
        "things": things,
    }


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
