"""What follows from people being seen: where they are, and that they are not missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gate.clock import Clock
from gate.core import Core
from gate.loop import Recorder
from gate.missing import Missing
from gate.passage import outputs
from gate.whereabouts import Whereabouts, load, save


class PeopleSeen:
    """``heard`` belongs to the main loop; what it has to write is handed to ``later``.

    Raises StoreError when the places of an earlier run cannot be read.
    """

    def __init__(
        self,
        core: Core,
        clock: Clock,
        recorder: Recorder,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        access = core.settings.access
        self._core = core
        self._clock = clock
        self._later = later
        self._missing = Missing(
            core.store, core.settings.name, access.not_seen.hours, recorder.record
        )
        self._where = Whereabouts(access.inward, access.antipassback_hours)
        self._where.take(load(core.store))
        self._tell_rules()
        core.loop.listen(self._heard)

    def forget(self, person: int) -> None:
        """Nothing of a deleted person stays; by the register's thread. Raises StoreError."""
        self._where.forget(person)
        save(self._core.store, person, None)
        self._missing.forget(person)

    def look(self) -> None:
        """Once a minute, by the register's thread: who is missed? Raises StoreError."""
        self._missing.look(self._clock.utc(), self._core.loop.able)

    def _heard(self, output: outputs.Output, now: float) -> None:
        utc = self._clock.utc()
        moved = self._where.heard(output, utc.timestamp())
        if moved is not None:
            self._tell_rules()
            self._later(lambda: save(self._core.store, *moved))
        if isinstance(output, outputs.Decided) and output.decision.person is not None:
            person = output.decision.person.id
            self._later(lambda: self._missing.saw(person, utc))

    def _tell_rules(self) -> None:
        loop = self._core.loop
        presence = self._where.presence(self._clock.utc().timestamp())
        loop.house = replace(loop.house, presence=presence)
