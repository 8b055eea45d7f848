"""The door while the daemon is still starting: fire and the exit button work from the first second.

Opening a database, loading models and fetching the register may take many seconds, and a release
has to be refreshed several times a second. Until the main loop takes over, a thread of its own
ticks the controller.
"""

from __future__ import annotations

import logging
import threading

from gate.clock import Clock
from gate.door.controller import DoorController
from gate.door.state import EventOut

log = logging.getLogger(__name__)

TICK = 0.05  # seconds


class DoorStartup:
    """Owns the controller from ``start`` to ``finish``; nothing else may call it meanwhile."""

    def __init__(self, controller: DoorController, clock: Clock) -> None:
        self._controller = controller
        self._clock = clock
        self._events: tuple[EventOut, ...] = ()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to tick; returns at once."""
        self._thread = threading.Thread(target=self._run, name="door-startup", daemon=True)
        self._thread.start()

    def finish(self) -> tuple[EventOut, ...]:
        """Give the controller back, with the events since ``start``. May be called twice."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        events, self._events = self._events, ()
        return events

    def _run(self) -> None:
        while not self._over.wait(TICK):
            try:
                self._events += self._controller.tick(self._clock.monotonic())
            except Exception:  # the main loop meets it again, with its own answer
                log.exception("door.startup_failed")
                return
