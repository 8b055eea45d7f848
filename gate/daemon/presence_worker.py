"""Follows who passes: where people are, and who has not been seen for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from gate.clock import Clock
from gate.daemon.build import Core
from gate.daemon.interrupted import Interrupted
from gate.daemon.items import Item, Moved
from gate.daemon.journal import Recorder
from gate.passage import outputs
from gate.services.absence_alerts import AbsenceAlerts
from gate.services.presence import PresenceRegister, load, save

_CLOCKS = timedelta(minutes=1)  # by which those of the gates of one register may differ


class PresenceWorker:
    """``_heard`` belongs to the main loop; its writes are passed to ``later``. The rest belongs to
    the register's thread; ``post`` passes changes to the main loop.

    Raises StoreError when the places of an earlier run cannot be read.
    """

    def __init__(
        self,
        core: Core,
        clock: Clock,
        recorder: Recorder,
        later: Callable[[Callable[[], None]], None],
        post: Callable[[Item], None],
    ) -> None:
        access = core.settings.access
        self._core = core
        self._clock = clock
        self._later = later
        self._post = post
        self._missing = AbsenceAlerts(
            core.store, core.settings.name, access.not_seen.hours, recorder.record
        )
        self._kept = access.inward is not None
        self._where = PresenceRegister(access.inward, access.antipassback_hours)
        self._lock = threading.Lock()  # of ``_where`` and ``_version``
        self._version = 0
        self._loaded = clock.utc()
        self._where.take(load(core.store), clock.utc().timestamp())
        core.loop.handle(self._moved())
        core.loop.listen(self._heard)

    def interrupted(self, passages: Iterable[Interrupted]) -> None:
        """People who were let in by these passages; the main loop has yet to end them. Raises
        StoreError."""
        for each in passages:
            row = self._core.store.people.by_ref(each.person) if each.person else None
            if row is not None and each.granted is not None:
                with self._lock:
                    self._where.passing(each.passage, row.id, each.granted.timestamp())

    def forget(self, person: int) -> None:
        """Remove every trace of a deleted person; by the register's thread. Raises StoreError."""
        with self._lock:
            self._where.forget(person)
        save(self._core.store, person, None)
        self._missing.forget(person)

    def follow(self) -> None:
        """Every half second: who went through other gates? Raises StoreError."""
        if not self._kept:
            return
        now = self._clock.utc()
        places = load(self._core.store, self._loaded - _CLOCKS)
        self._loaded = now
        with self._lock:
            new = self._where.take(places, now.timestamp())
        if new:
            self._post(self._moved())

    def look(self) -> None:
        """Once a minute: who is absent too long, whose place has expired? Raises StoreError."""
        self._missing.look(self._clock.utc(), self._core.loop.able)
        if self._kept:
            self._post(self._moved())

    def _heard(self, output: outputs.Output, now: float) -> None:
        utc = self._clock.utc()
        with self._lock:
            moved = self._where.heard(output, utc.timestamp())
        if moved is not None:
            self._core.loop.handle(self._moved())
            self._later(lambda: save(self._core.store, *moved))
        if isinstance(output, outputs.Decided) and output.decision.person is not None:
            person = output.decision.person.id
            self._later(lambda: self._missing.saw(person, utc))

    def _moved(self) -> Moved:
        with self._lock:
            self._version += 1
            return Moved(self._where.presence(self._clock.utc().timestamp()), self._version)
