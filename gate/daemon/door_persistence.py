"""A lock-down and a fire release outlive a restart: only a person ends them."""

from __future__ import annotations

from collections.abc import Callable

from gate.daemon.event_loop import Loop
from gate.door.state import Fire, Lockdown
from gate.store.store import Store


class DoorMemory:
    """``recall`` once at start; ``keep`` by the main loop, which passes the write to ``later``."""

    def __init__(
        self, store: Store, gate: str, later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._store = store
        self._key = f"door:{gate}"
        self._later = later
        self._known = {"fire": False, "lockdown": False}

    def recall(self, loop: Loop) -> None:
        """Restore the state of the door from before the restart. Raises StoreError."""
        kept = self._store.key_values.get(self._key) or {}
        if kept.get("fire"):
            active = loop.controller.state.fire_input
            loop.restore(Fire(True))
            loop.restore(Fire(active))  # the latch stays; the input is what the board says
        if kept.get("lockdown"):
            loop.restore(Lockdown())
        self._known = {"fire": bool(kept.get("fire")), "lockdown": bool(kept.get("lockdown"))}

    def keep(self, loop: Loop) -> None:
        """Store it when it has changed."""
        state = loop.controller.state
        now = {"fire": state.fire, "lockdown": state.lockdown}
        if now != self._known:
            self._known = now
            self._later(lambda: self._store.key_values.set(self._key, dict(now)))
