"""Whether a box hears from its hub, for how long it has not, and what follows from that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gate.clock import Clock
from gate.replica.lease import KEPT, Lease
from gate.store.key_value import KeyValueStore

log = logging.getLogger(__name__)

_KEEP_LEASE = 60.0  # seconds between two writings of the lease


class Reporter(Protocol):
    """What is informed about the hub; any thread may call it."""

    def report(self, part: str, there: bool, cause: str) -> None:
        """Something of the hub is lost ("link", "lease", "box") or back."""
        ...


@dataclass(slots=True)
class State:
    """For the status page and for tests.

    Attributes:
        contact: monotonic time of the last answer; None before the first.
        applied: when the newest change was applied, monotonic.
        number: of the feed, applied up to here since the start; 0 before the first.
        loading: while everything is being loaded: how many people have come, and of how many.
    """

    connected: bool = False
    contact: float | None = None
    applied: float | None = None
    number: int = 0
    snapshots: int = 0
    shut_out: str = ""
    loading: tuple[int, int] | None = None


class Contact:
    """Belongs to the event loop of one replica. Raises StoreError."""

    def __init__(self, kept: KeyValueStore, gate: Reporter, clock: Clock) -> None:
        self._store, self._gate, self._clock = kept, gate, clock
        self.lease = Lease.kept(kept.get(KEPT), clock.utc())
        self._counted = clock.monotonic()
        self._kept = -_KEEP_LEASE
        self._forgotten = False
        self.state = State()

    def heard(self, limit: float | None = None) -> None:
        """The hub has answered. ``limit``: seconds of the lease, where the answer has them."""
        self.state.contact = self._counted = self._clock.monotonic()
        self.lease = Lease.begun(self._clock.utc(), limit or self.lease.limit)
        self._forgotten = False  # faces come again from now on
        if not self.state.connected:
            self.state.connected = True
            self._gate.report("link", True, "")
            self._gate.report("lease", True, "")

    def lost(self, cause: str) -> None:
        """The hub has not answered."""
        if self.state.connected:
            self.state.connected = False
            log.warning("hub.lost", extra={"cause": cause})
            self._gate.report("link", False, cause)

    async def count(self, forget_faces: Callable[[], Awaitable[int]]) -> None:
        """Count the time without contact; once it is too long no face is kept.

        ``forget_faces`` erases them and returns of how many people.
        """
        now = self._clock.monotonic()
        if not self.state.connected:
            self.lease = self.lease.later(now - self._counted, self._clock.utc())
            self._counted = now
        if now - self._kept >= _KEEP_LEASE:
            self._kept = now
            await asyncio.to_thread(self._store.set, KEPT, self.lease.value())
        if self.lease.over and not self._forgotten:
            self._forgotten = True
            count = await forget_faces()
            log.error("hub.lease_over", extra={"people": count})
            self._gate.report("lease", False, "over")
