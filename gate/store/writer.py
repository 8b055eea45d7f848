"""The one thread that writes events: many at once when many come, again when the disk was full."""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from gate.clock import Clock, SystemClock
from gate.errors import StoreError
from gate.events.event import Event
from gate.store.ballast import Ballast
from gate.store.database_errors import ConflictError, DiskFullError
from gate.store.engine import Database
from gate.store.events import Events
from gate.store.outbox import Outbox

log = logging.getLogger(__name__)

_BATCH = 256
_LOOK = 0.2  # seconds between two looks whether the end has come
# what only says how a passage went on: nobody waits for it, so it may be written with the next
LATER = frozenset({"door.unlocked", "door.locked", "door.opened", "door.closed", "passage.ended"})
LINGER = 5.0  # seconds for which such events are gathered where writing is to be sparing
_WAITS = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts while the store refuses


class Writer:
    """``record`` never waits. The thread owns everything below except the queue.

    What it promises: a future with a result means its event is on the disk. While
    the store refuses, events wait in memory, in order; only when that queue is full are further
    ones dropped, counted, and reported by a ``store.lost`` event once writing is possible.

    Args:
        linger: seconds for which events of ``LATER`` wait for others, so that they are written
            together; any other event is written at once, and those before it.
    """

    def __init__(
        self,
        database: Database,
        events: Events,
        outbox: Outbox,
        ballast: Ballast,
        *,
        size: int = 20_000,
        linger: float = 0.0,
        clock: Clock | None = None,
    ) -> None:
        self._linger = linger
        self._database = database
        self._events = events
        self._outbox = outbox
        self._ballast = ballast
        self._clock = clock or SystemClock()
        self._queue: queue.Queue[tuple[Event, Future[Event]]] = queue.Queue(size)
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # guards _lost
        self._lost: dict[str, list[str]] = {}
        self.fault: StoreError | None = None  # why nothing can be written at the moment
        self._since = ""  # when that began; kept with the fault, for both end with a write
        self.written = 0
        self.wrote = threading.Event()  # set whenever something new is in the outbox
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def record(self, event: Event) -> Future[Event]:
        """Queue an event. The future returns it with its sequence once it is on the disk.

        The future fails with StoreError when the event had to be given up.
        """
        future: Future[Event] = Future()
        if self._stopping.is_set():
            future.set_exception(
                StoreError(
                    "the store is closed", where=self._database.where, hint="restart the gate"
                )
            )
            return future
        try:
            self._queue.put_nowait((event, future))
        except queue.Full:
            with self._lock:
                self._lost.setdefault(event.gate, []).append(event.id)
            future.set_exception(
                self.fault
                or StoreError(
                    "more events than can be written",
                    where=self._database.where,
                    hint="see `gate doctor` for the state of the disk",
                )
            )
        return future

    @property
    def waiting(self) -> int:
        """Events in memory that are not written yet."""
        return self._queue.qsize()

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits, then stop."""
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            batch = self._take()
            if batch:
                self._write(batch)
            elif self._stopping.is_set():
                return

    def _take(self) -> list[tuple[Event, Future[Event]]]:
        batch = []
        with suppress(queue.Empty):
            batch.append(self._queue.get(timeout=_LOOK))
            end = time.monotonic() + self._linger
            while len(batch) < _BATCH:
                rest = end - time.monotonic()
                may_wait = batch[-1][0].type in LATER and not self._stopping.is_set()
                try:
                    batch.append(self._queue.get(timeout=min(_LOOK, max(0.0, may_wait * rest))))
                except queue.Empty:
                    if not may_wait or rest <= 0:
                        break
        return batch

    def _write(self, batch: list[tuple[Event, Future[Event]]]) -> None:
        attempt = 0
        while True:
            try:
                written = self._append([event for event, _ in batch])
            except ConflictError as conflict:
                self._one_by_one(batch, conflict)
                return
            except Exception as raised:  # whatever it is, events wait and are tried again
                error = self._named(raised)
                if self.fault is None:
                    log.error("store.fault", extra={"cause": error.what, "where": error.where})
                    self._since = self._clock.utc().isoformat()
                self.fault = error
                if isinstance(error, DiskFullError):
                    if self._ballast.drop():
                        continue
                    if len(batch) > 1:  # there may be room for some of them
                        half = len(batch) // 2
                        self._write(batch[:half])
                        self._write(batch[half:])
                        return
                if self._stopping.is_set() and attempt >= len(_WAITS):
                    for _, future in batch:
                        future.set_exception(error)
                    return
                self._stopping.wait(_WAITS[min(attempt, len(_WAITS) - 1)])
                attempt += 1
                continue
            break
        for (_, future), event in zip(batch, written, strict=True):
            future.set_result(event)
        self.written += len(written)
        self.wrote.set()
        self._ballast.restore()
        if attempt and self._database.reserve is not None:  # there was a fault: perhaps no room
            self._database.reserve.restore()

    def _named(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        log.error("store.unforeseen", exc_info=error)
        return StoreError(
            f"the store failed: {type(error).__name__}",
            where=self._database.where,
            hint="see the log and `gate doctor`",
        )

    def _append(self, events: list[Event]) -> list[Event]:
        """One transaction: the events, reports about the store itself, the full outbox."""
        notes = self._notes(events[0].gate)
        with self._database.write() as session:
            written = self._events.append_in(session, [*events, *notes])
            dropped = [
                (gate, drop)
                for gate in {event.gate for event in events}
                for receiver in self._events.receivers
                if (drop := self._outbox.shed(session, gate, receiver)) is not None
            ]
            self._events.append_in(
                session,
                [
                    self._note(
                        gate,
                        "outbox.dropped",
                        receiver=drop.receiver,
                        first=drop.first,
                        last=drop.last,
                        count=drop.count,
                    )
                    for gate, drop in dropped
                ],
            )
        self.fault = None
        if notes:
            with self._lock:
                for note in notes:
                    if note.type == "store.lost":
                        del self._lost[note.gate][: note.details["count"]]
        return written[: len(events)]

    def _notes(self, gate: str) -> list[Event]:
        """``store.back`` after a fault, ``store.lost`` for what had to be given up."""
        notes = []
        if self.fault is not None:
            notes.append(self._note(gate, "store.back", cause=self.fault.what, since=self._since))
        with self._lock:
            for lost_at, ids in self._lost.items():
                if ids:
                    notes.append(
                        self._note(
                            lost_at, "store.lost", count=len(ids), first=ids[0], last=ids[-1]
                        )
                    )
        return notes

    def _note(self, gate: str, type: str, **details: Any) -> Event:
        return Event.make(gate, type, self._clock.utc(), details=details)

    def _one_by_one(self, batch: list[tuple[Event, Future[Event]]], error: StoreError) -> None:
        """An event that is there already (same id) must not keep the others out."""
        if len(batch) == 1:
            batch[0][1].set_exception(error)
            return
        for one in batch:
            self._write([one])
