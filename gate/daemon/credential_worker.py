"""Credentials: readers post claims, a thread looks them up, uses of permits are counted."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from gate.access.decision import Method, Outcome
from gate.access.permit_keys import public_keys
from gate.clock import Clock
from gate.config.settings import Settings
from gate.daemon.credential_lookup import ClaimDesk
from gate.daemon.event_loop import DeviceStatus, Item
from gate.errors import GateError, StoreError
from gate.passage import outputs
from gate.readers.claim import Claim
from gate.readers.reader import Reader
from gate.services.permits import PermitBook
from gate.store.store import Store

log = logging.getLogger(__name__)

PERMIT_KEYS = "permit*.pub"  # in the data folder: the public keys of all desks


class Till:
    """``claim`` may be called by any thread; the look-ups belong to a thread of its own."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, post: Callable[[Item], None]
    ) -> None:
        """Raises AccessError for a permit key that cannot be used."""
        self._clock = clock
        self._post = post
        keys = public_keys(sorted(settings.data.glob(PERMIT_KEYS)))
        self._book = PermitBook(store, keys, settings.access.permit)
        self._desk = ClaimDesk(store, self._book, settings.name, settings.access.pin)
        self._queue: queue.SimpleQueue[Claim | str | None] = queue.SimpleQueue()
        self._readers = [Reader(s, self.claim, self._told) for s in settings.reader]
        self._thread = threading.Thread(target=self._run, name="claims", daemon=True)

    def open(self) -> None:
        self._thread.start()
        for reader in self._readers:
            reader.open()

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(5.0)

    def claim(self, claim: Claim) -> None:
        """A card, permit or PIN was shown."""
        self._queue.put(claim)

    def heard(self, output: outputs.Output, now: float) -> None:
        """Called by the loop: answer at the reader, and count a permit that opened."""
        if not isinstance(output, outputs.Decided):
            return
        decision = output.decision
        granted = decision.outcome is Outcome.GRANT
        if decision.method is not Method.FACE:
            for reader in self._readers:
                reader.feedback(granted)
        # at a door that is open anyway no use is counted
        if granted and decision.method is Method.PERMIT and decision.rule == "grant":
            shown = decision.values.get("shown")
            if isinstance(shown, dict) and shown.get("serial"):
                self._queue.put(str(shown["serial"]))

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                if isinstance(item, Claim):
                    self._post(self._desk.look_up(item, self._clock.utc()))
                else:
                    self._book.use(item)
            except StoreError as error:
                log.error("claim.unread", extra={"cause": error.what, "where": error.where})
                self._post(DeviceStatus("reader", "register", False, error.what))
            except GateError as error:
                log.error("claim.failed", extra={"cause": error.what})
            else:
                self._post(DeviceStatus("reader", "register", True))

    def _told(self, reader: str, there: bool, reason: str) -> None:
        self._post(DeviceStatus("reader", reader, there, reason))
