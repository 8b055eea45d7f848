"""A job that is done again and again in a thread of its own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from gate.errors import StoreError

log = logging.getLogger(__name__)


class Periodic(ABC):
    """One thread calls ``run``; ``hurry`` and ``close`` are for any."""

    name = ""  # of the job, for the log
    every = 0.5  # seconds between two looks

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._due = threading.Event()

    def hurry(self) -> None:
        """Look now, not only when it is time again."""
        self._due.set()

    def close(self) -> None:
        self._stopping.set()
        self._due.set()

    def run(self) -> None:
        """Look until closed; a store that cannot be read or written is tried again.

        An outage is logged when it begins, when its cause changes, and when it is over.
        """
        cause = ""
        while True:
            self._due.wait(self.every)
            if self._stopping.is_set():
                break
            self._due.clear()
            try:
                self.look()
            except StoreError as error:
                if error.what != cause:
                    details = {"job": self.name, "cause": error.what, "where": error.where}
                    log.warning("store.unread", extra=details)
                cause = error.what
            else:
                if cause:
                    log.warning("store.read_again", extra={"job": self.name})
                cause = ""
        self.finish()

    @abstractmethod
    def look(self) -> None:
        """Do the job once. May raise StoreError."""

    def finish(self) -> None:  # noqa: B027 (most jobs have nothing to finish)
        """Called once after the last look."""
