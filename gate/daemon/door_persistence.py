"""A lock-down and a fire release outlive a restart: only a person ends them.

They are kept in the database and, written first, in a small file beside it: the door is locked
down from the first second of a start, which may come long before the database answers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gate import files
from gate.daemon.event_loop import Loop
from gate.door.state import Fire, Lockdown
from gate.store.store import Store

log = logging.getLogger(__name__)

Kept = dict[str, bool]  # "fire", "lockdown"


class DoorPersistence:
    """``recall`` once at start; ``keep`` by the main loop, which passes the write to ``later``."""

    def __init__(
        self,
        store: Store,
        gate: str,
        later: Callable[[Callable[[], None]], None],
        folder: Path | None = None,
    ) -> None:
        self._store = store
        self._key = f"door:{gate}"
        self._file = folder and file_of(folder, gate)
        self._later = later
        self._known: Kept = {"fire": False, "lockdown": False}

    def recall(self, loop: Loop) -> None:
        """Restore the state of the door from before the restart. Raises StoreError.

        The file and the database are each written at every change, the file first: what either
        of them keeps is restored, since a person ends what should not be.
        """
        kept = self._store.key_values.get(self._key) or {}
        beside: Kept = (read(self._file) if self._file else None) or {}
        fire = bool(kept.get("fire") or beside.get("fire"))
        lockdown = bool(kept.get("lockdown") or beside.get("lockdown"))
        if fire:
            active = loop.controller.state.fire_input
            loop.restore(Fire(True))
            loop.restore(Fire(active))  # the latch stays; the input is what the board says
        if lockdown:
            loop.restore(Lockdown())
        known = {"fire": bool(kept.get("fire")), "lockdown": bool(kept.get("lockdown"))}
        agreed = self._file is None or all(known[name] == beside.get(name, False) for name in known)
        self._known = known if agreed else {}  # else both are written at the first look

    def keep(self, loop: Loop) -> None:
        """Store it when it has changed."""
        state = loop.controller.state
        now = {"fire": state.fire, "lockdown": state.lockdown}
        if now != self._known:
            self._known = now
            self._later(lambda: self._write(now))

    def _write(self, kept: Kept) -> None:
        if self._file is not None:
            _replace(self._file, kept)
        self._store.key_values.set(self._key, dict(kept))


def file_of(folder: Path, gate: str) -> Path:
    """The file beside the database of the gate."""
    return folder / f"{gate}.door"


def read(file: Path) -> Kept | None:
    """What the file keeps; None where there is none that can be read."""
    try:
        kept = json.loads(file.read_text())
        return {"fire": kept["fire"] is True, "lockdown": kept["lockdown"] is True}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _replace(file: Path, kept: Kept) -> None:
    try:
        files.replace(file, json.dumps(kept).encode(), 0o600)
    except OSError as error:  # the database keeps it all the same
        log.warning("door.file", extra={"cause": str(error)})
        with suppress(OSError):
            file.unlink(missing_ok=True)  # a stale one would say what is over
