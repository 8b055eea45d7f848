"""The status a gate reports, kept in the store for the desk, which may be on another machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gate.clock import Clock
from gate.store.key_value import KeyValueStore, set_in

BEAT = 10.0  # seconds after which it is written again although nothing changed
_KEY = "state."


class StatusWriter:
    """Belongs to the main loop; writes are passed to ``later``, one at a time."""

    def __init__(
        self,
        key_values: KeyValueStore,
        gate: str,
        clock: Clock,
        later: Callable[[Callable[[], None]], None],
        gather: float = 0.0,
    ) -> None:
        """``gather``: seconds between two writes, in which changes become one."""
        self._key_values = key_values
        self._key = _KEY + gate
        self._clock = clock
        self._later = later
        self._gather = gather
        self._things: dict[str, dict[str, object]] = {}
        self._changed = False
        self._waiting = False
        self._written = -BEAT

    def put(self, thing: str, value: dict[str, object]) -> None:
        """A state that is new."""
        self._things[thing] = value
        self._changed = True

    def keep(self) -> None:
        """Have it written when something changed or the beat is due."""
        now = self._clock.monotonic()
        wait = self._gather if self._changed else BEAT
        if self._waiting or now - self._written < wait:
            return
        self._waiting, self._changed, self._written = True, False, now
        value = {"at": self._clock.utc().isoformat(), "things": dict(self._things)}
        self._later(lambda: self._write(value))

    def _write(self, value: dict[str, Any]) -> None:
        self._waiting = False  # set first: a store that fails now is tried with the next beat
        self._key_values.set(self._key, value)


def put_in(session: Session, gate: str, at: datetime, things: dict[str, Any]) -> None:
    """Keep what a gate on another machine reports, in the transaction of its beat."""
    set_in(session, _KEY + gate, {"at": at.isoformat(), "things": things})


def labels(key_values: KeyValueStore) -> list[tuple[str, str]]:
    """Gates that report what people call them, and that. Raises StoreError."""
    found = []
    for key, value in key_values.beginning(_KEY).items():
        label = value.get("things", {}).get("gate", {}).get("label")
        if isinstance(label, str) and label.strip():
            found.append((key.removeprefix(_KEY), label))
    return found


def read(key_values: KeyValueStore, gate: str) -> tuple[datetime | None, dict[str, dict[str, Any]]]:
    """When the gate last reported, and its states by name; None if it never did."""
    found = key_values.get(_KEY + gate)
    if not found:
        return None, {}
    return datetime.fromisoformat(found["at"]), dict(found["things"])
