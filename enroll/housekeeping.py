"""What the desk does by itself once an hour: retention, clean-up, and once a day hints."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from enroll import drift, retention
from enroll.desk import Desk
from gate.errors import GateError
from gate.services.garbage import settle, thaw

log = logging.getLogger(__name__)

_EVERY = 3600.0


class Housekeeping:
    """A thread that runs while the desk is served."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def _run(self) -> None:
        while True:
            try:
                now = self._desk.clock.utc()
                if retention.run_unasked(self._desk, now) is None:
                    self._desk.store.tidy()
                    self._desk.imports.tidy()
                self._desk.store.report_head(self._desk.gate, now)
                if self._desk.faces is not None:
                    self._desk.faces.known.matcher()  # learnt before the first visitor comes
                settle()
                if drift.due(self._desk.store, self._desk.clock.utc()):
                    drift.look(self._desk.store, self._desk.clock.utc())
            except GateError as error:
                log.warning("housekeeping failed: %s", error.what)
            except Exception:  # one failure must not end the thread: retention goes on
                log.exception("housekeeping failed")
            if self._stop.wait(_EVERY):
                return

    def __enter__(self) -> Housekeeping:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._desk.imports.close()
        self._thread.join(10)
        thaw()
