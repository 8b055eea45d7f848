"""One box of a simulated district: a real register in SQLite, a real replica, no devices.

What differs from a box of its own: no cameras and no matcher, so a change counts as applied once it
is in the register; hundreds of boxes share the threads of one process, the cores and the disk of
one machine with the hub; how far one has come is looked at 20 times a second, so times are up to
50 ms too long; with more than 200 boxes each beats less often (``gate.district.site``).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.clock import SystemClock
from gate.district.wire import Wire
from gate.events.event import Event
from gate.replica.identity import Identity
from gate.replica.join import folder_of, join
from gate.replica.replica import Replica
from gate.store.settings import StoreSettings
from gate.store.store import HUB, Store

FILE = "gate.db"


class JumpingClock(SystemClock):
    """The machine's clocks; ``offset`` sets the wall clock wrong."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def utc(self) -> datetime:
        return datetime.now(UTC) + self.offset


class SimulatedBox:
    """Belongs to one event loop. ``applied`` and ``obeyed`` keep monotonic times, which are the
    same for all processes of a machine."""

    def __init__(self, gate: str, data: Path, template: Path, beat: float) -> None:
        self.gate, self.data = gate, data
        self._beat = beat
        self.wire, self.clock = Wire(), JumpingClock()
        self.applied: deque[tuple[int, float]] = deque(maxlen=5_000)
        self.obeyed: list[tuple[str, float]] = []
        self._unwritten: deque[Future[Event]] = deque(maxlen=1_000)
        self.replica: Replica | None = None
        self._task: asyncio.Task[None] | None = None
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, data / FILE)
        self.store = self._open()

    def _open(self) -> Store:
        settings = StoreSettings.model_validate({"url": f"sqlite:///{FILE}", "ballast": 0})
        return Store.open(settings, self.data)

    # ------------------------------------------------------------ what the replica asks of a gate

    def obey(self, command: str, by: str, seconds: float) -> str:
        self.obeyed.append((by, time.monotonic()))
        return "done"

    def settled(self, generation: int) -> bool:
        return True  # there is no matcher

    def report(self, part: str, there: bool, cause: str) -> None:
        pass

    # ------------------------------------------------------------ what happens to it

    def join(self, url: str, code: str) -> None:
        """Blocks. Raises StoreError."""
        join(self.store, self.data, self.gate, (url,), code)

    def start(self) -> None:
        identity = Identity.of(self.store, folder_of(self.data))
        assert identity is not None
        self.replica = Replica(
            self.store, identity, self, self.clock, beat=self._beat, connect=self.wire.connect
        )
        self._task = asyncio.create_task(self.replica.run(), name=self.gate)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await asyncio.to_thread(self.store.close)

    async def restart(self) -> None:
        await self.stop()
        self.store = await asyncio.to_thread(self._open)
        self.start()

    def keep_backup(self) -> None:
        self._backup.unlink(missing_ok=True)
        self.store.database.backup(self._backup)

    async def restore(self) -> None:
        """The database is put back by hand, as of ``keep_backup``."""
        await self.stop()
        for path in self.data.glob(f"{FILE}-*"):
            path.unlink()
        shutil.move(self._backup, self.data / FILE)
        self.store = await asyncio.to_thread(self._open)
        self.start()

    async def close(self) -> None:
        await self.stop()

    def look(self, now: float) -> None:
        """Note how far it has come, many times a second."""
        if self.replica is None:
            return
        number = self.replica.state.number
        if number and (not self.applied or self.applied[-1][0] != number):
            self.applied.append((number, now))

    def event(self) -> None:
        """One passage is written; nobody waits for the disk."""
        self._unwritten.append(self.store.writer.record(self._event()))

    def backlog(self, count: int) -> None:
        """Blocks: so many events at once, as after hours without the hub."""
        for start in range(0, count, 500):
            some = [self._event() for _ in range(min(500, count - start))]
            self.store.events.append(some)

    def waiting(self) -> int:
        unwritten = sum(not future.done() for future in self._unwritten)
        return unwritten + self.store.outbox.waiting(self.gate, HUB)

    @property
    def shut_out(self) -> bool:
        return self.replica is not None and bool(self.replica.state.shut_out)

    @property
    def number(self) -> int:
        return self.replica.state.number if self.replica else 0

    @property
    def _backup(self) -> Path:
        return self.data.with_name(f"{self.data.name}.backup")

    def _event(self) -> Event:
        return Event.make(self.gate, "passage.granted", self.clock.utc(), method="card")
