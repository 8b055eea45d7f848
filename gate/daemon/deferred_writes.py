"""Writes that nobody waits for, in order; and the hourly tidying of the store."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from gate.daemon.periodic import Periodic
from gate.errors import StoreError
from gate.store.database_errors import ConflictError
from gate.store.store import Store

log = logging.getLogger(__name__)

TIDY = 3600.0  # seconds between two tidyings of the store


class DeferredWrites(Periodic):
    """``later`` may be called by any thread: the main loop waits for no disk."""

    name = "writes"

    def __init__(self, store: Store, gate: str = "") -> None:
        super().__init__()
        self._store = store
        self._gate = gate
        self._writes: deque[Callable[[], None]] = deque()
        self._tidied = time.monotonic()

    def later(self, write: Callable[[], None]) -> None:
        """Have something written at once, by the thread of this job: a fire or a lock-down must
        not be lost by a power cut a moment later."""
        self._writes.append(write)
        self.hurry()

    def look(self) -> None:
        self._write()
        if time.monotonic() - self._tidied > TIDY:
            self._tidied = time.monotonic()
            self._store.tidy()
            if self._gate:
                self._store.report_head(self._gate, datetime.now(UTC))

    def finish(self) -> None:
        with suppress(StoreError):
            self._write()

    def _write(self) -> None:
        """Everything passed to ``later``; what cannot be written now stays the next in line."""
        while self._writes:
            try:
                self._writes[0]()
            except ConflictError as error:  # it never can be
                log.warning("write.refused", extra={"cause": error.what})
            self._writes.popleft()
