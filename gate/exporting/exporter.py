"""The thread that delivers: in order, each record once, whatever the receiver does."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from gate.clock import Clock
from gate.errors import GateError, StoreError
from gate.events.event import Event
from gate.exporting.feed import Events, Feed
from gate.exporting.folder_target import FolderTarget
from gate.exporting.http_target import HttpTarget
from gate.exporting.ledger import Note, Pending, State, counted, key_of, turned
from gate.exporting.mapping import Mapping
from gate.exporting.render import Rendered
from gate.exporting.settings import ExportSettings
from gate.exporting.sftp_target import SftpTarget
from gate.exporting.target import Batch, DeliveryError, RefusedError, Target
from gate.store.exports import Sent
from gate.store.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

_IDLE = 0.5  # seconds between two looks at an empty outbox
_FIRST = 1.0  # seconds before the second attempt; doubles
_SILENT = 60.0  # seconds of failures before an event reports them
# so many records refused in a row are no mistake of the records but of the mapping or the platform
MOST_REFUSED = 3


def target_for(settings: ExportSettings, gate: str, mapping: Mapping) -> Target:
    """The way to deliver that the url names. Raises ConfigurationError."""
    if settings.scheme == "file":
        return FolderTarget(settings)
    if settings.scheme == "sftp":
        return SftpTarget(settings)
    return HttpTarget(settings, gate, mapping)


class Exporter:
    """One for each ``[[export]]``. ``fault`` and ``delivered`` may be read by any thread.

    The rules by which nothing is lost, doubled or put out of order:

    - a batch is fixed in the database before it is sent, and sent again as it was, under the same
      key, until the receiver has answered;
    - after a missing answer the receiver is asked what it has, where the mapping says how;
    - a batch is only ever divided when the receiver has certainly taken none of it;
    - a record the receiver refuses is set aside only once it takes a later one: a platform that
      refuses everything is broken, and everything waits.

    Raises ConfigurationError: mapping, schema, keys.
    """

    def __init__(
        self,
        settings: ExportSettings,
        gate: str,
        store: Store,
        clock: Clock,
        report: Callable[[Event], object] = lambda event: None,
    ) -> None:
        self.fault: GateError | None = None
        self.delivered = 0
        self._settings = settings
        self._gate = gate
        self._store = store
        self._clock = clock
        self._report = report
        self._feed = Feed(settings, gate, store)
        self._target = target_for(settings, gate, self._feed.mapping)
        self._key = key_of(gate, settings.receiver)
        self._state = State.read(store.key_values.get(self._key))
        self._size = self._feed.size
        self._unsure = self._state.pending is not None
        self._refused: list[Rendered] = []  # events refused, until a later one is taken
        self._refused_people: dict[int, str] = {}
        self._since = float("-inf")  # the last batch, for ``every``
        self._failing: float | None = None  # since when nothing is taken
        self._reported = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=settings.receiver, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(self._settings.timeout + 5.0)

    @property
    def waiting(self) -> int:
        """Events in the outbox, wanted or not."""
        return self._store.outbox.waiting(self._gate, self._settings.receiver)

    def _run(self) -> None:
        wait = _FIRST
        with asyncio.Runner() as runner:
            while not self._stopping.is_set():
                try:
                    pause = 0.0 if runner.run(self.step()) else _IDLE
                    wait = _FIRST
                except DeliveryError as error:
                    self._failed(error)
                    pause = min(max(wait, error.wait), self._settings.retry_most)
                    wait = min(2 * wait, self._settings.retry_most)
                except StoreError as error:
                    log.warning("export.store", extra={"cause": error.what})
                    pause, wait = wait, min(2 * wait, self._settings.retry_most)
                except Exception:  # whatever it is, records wait in the outbox
                    log.exception("export.failed")
                    pause, wait = wait, min(2 * wait, self._settings.retry_most)
                self._stopping.wait(pause)
            runner.run(self._target.close())

    async def step(self) -> bool:
        """Deliver one batch, or all that changed of the people. Whether there was anything.

        Raises DeliveryError, StoreError.
        """
        if "person" in self._feed.kinds and await self._people():
            return True
        pending = self._state.pending
        size = min(self._size, self._feed.size)
        without = {record.source.position for record in self._refused}
        run = self._feed.events(size, pending, without)
        if run.records and pending is None and self._collecting(run, size):
            return False
        if not run.records:
            return self._passed_over(run)
        if pending is None:
            pending = self._pin(run)
        batch = self._feed.batch(run.records[0].source.kind, run.records)
        try:
            position = await self._delivered(batch)
        except RefusedError as error:
            self._divide(run, error)
            return True
        except DeliveryError as error:
            # that this attempt reached nobody proves nothing about one before it
            self._unsure = self._unsure or not error.certain
            self._size = max(1, self._size // 2)  # of the next batch; this one stays as it is
            raise
        self._accepted(run, position)
        return True

    # --- events -----------------------------------------------------------------------------

    def _collecting(self, run: Events, size: int) -> bool:
        full = run.whole or len(run.records) >= size
        return not full and self._clock.monotonic() - self._since < self._settings.every

    def _passed_over(self, run: Events) -> bool:
        """Nothing to send in this run: unwanted events leave the outbox, a wrong one waits."""
        state, notes = counted(self._state, self._clock.utc(), refused=run.withheld)
        if run.skipped or state != self._state or self._state.pending:
            self._commit(replace(state, pending=None), notes, done=run.skipped)
            return bool(run.skipped)
        if run.wrong is not None:
            self._set_aside(run.wrong)
            return True
        return False

    def _pin(self, run: Events) -> Pending:
        """What is about to be sent, on the disk; what is passed over before it leaves."""
        first, last = run.records[0].source, run.records[-1].source
        pending = Pending(first.kind, first.epoch, first.position, last.position)
        before = [sequence for sequence in run.skipped if sequence < first.position]
        withheld = [record for record in run.withheld if record.source.position < first.position]
        state, notes = counted(self._state, self._clock.utc(), refused=withheld)
        self._commit(replace(state, pending=pending), notes, done=before)
        run.skipped = [sequence for sequence in run.skipped if sequence > first.position]
        run.withheld = [
            record for record in run.withheld if record.source.position > first.position
        ]
        return pending

    async def _delivered(self, batch: Batch) -> int:
        """The position up to which the receiver has the batch."""
        if self._unsure:
            there = await self._bounded(self._target.position())
            if there is not None and (position := self._already(batch, there)):
                return position
            self._unsure = False
        receipt = await self._bounded(self._target.deliver(batch))
        return batch.positions[-1] if receipt.position is None else receipt.position

    def _already(self, batch: Batch, there: tuple[int, int]) -> int:
        """How much of the batch the receiver has; 0: none. Raises DeliveryError: impossible."""
        epoch, sequence = there
        if epoch < batch.epoch or (epoch == batch.epoch and sequence < batch.positions[0]):
            return 0
        if epoch == batch.epoch and batch.positions[-1] < sequence <= self._state.position:
            return 0  # events that are sent once more because somebody asked for it
        if epoch > batch.epoch or sequence > batch.positions[-1]:
            raise DeliveryError(
                "the platform says it has records that were never sent",
                where=f"[[export]] {self._settings.name}",
                hint="check that no other gate of this name, nor an old copy, sends to it",
                certain=True,
            )
        return sequence

    async def _bounded(self, call: Awaitable[T]) -> T:
        seconds = self._settings.timeout
        try:
            async with asyncio.timeout(seconds):
                return await call
        except TimeoutError:
            raise DeliveryError(
                f"the platform does not answer within {seconds:g} s",
                where=f"[[export]] {self._settings.name}",
                hint="records wait meanwhile; check the platform, or raise timeout",
            ) from None

    def _accepted(self, run: Events, position: int) -> None:
        sent = [record for record in run.records if record.source.position <= position]
        rest = [record for record in run.records if record.source.position > position]
        done = [sequence for sequence in run.done if sequence <= position]
        withheld = [record for record in run.withheld if record.source.position <= position]
        # what was refused before a record that is taken was wrong in itself
        aside = self._refused
        done += [record.source.position for record in aside]
        state, notes = counted(self._state, self._clock.utc(), sent, [*withheld, *aside])
        notes += [_refusal(record) for record in aside]
        pending = None
        if rest:
            last = rest[-1].source
            pending = Pending(last.kind, last.epoch, rest[0].source.position, last.position)
        newest = sent[-1].source if sent else None
        if newest is not None:
            state = replace(state, epoch=newest.epoch, position=newest.position)
        self._commit(replace(state, pending=pending), notes, done=done)
        self._refused = []
        self._worked(len(sent))

    def _divide(self, run: Events, error: RefusedError) -> None:
        """A smaller batch, down to the one record that is refused."""
        self._commit(replace(self._state, pending=None), [])
        self._unsure = False
        self._size = max(1, len(run.records) // 2)
        if len(run.records) == 1:
            self._set_aside(replace(run.records[0], refused=error.what), error)

    def _set_aside(self, record: Rendered, error: RefusedError | None = None) -> None:
        self._refused.append(record)
        wrong = error or self._wrong(record)
        if len(self._refused) >= MOST_REFUSED:
            self._refused = []
            raise wrong
        self.fault = wrong
        log.warning("export.refused", extra={"cause": record.refused})

    def _wrong(self, record: Rendered) -> RefusedError:
        source = record.source
        return RefusedError(
            f"a record cannot be sent: {record.refused}",
            where=f"[[export]] {self._settings.name}, {source.kind} {source.position}",
            hint="correct the mapping or its values; `gate export check` shows what is wrong",
        )

    # --- people -----------------------------------------------------------------------------

    async def _people(self) -> bool:
        """Everybody who changed. Whether somebody was delivered."""
        state, now = self._state, self._clock.utc()
        generation = self._feed.generation(state)
        if generation == state.generation and state.mapping == self._feed.digest:
            return False
        moved, doubtful = False, list[Rendered]()
        for portion in self._feed.people(state, self._feed.size, now):
            by_id = {each.id: each for each in portion.sent}
            some = [r for r in portion.records if not self._known_refusal(r, by_id)]
            while some and not self._stopping.is_set():
                part = some[: min(self._size, self._feed.size)]
                try:
                    await self._send_people(part, generation)
                except RefusedError as error:
                    if len(part) > 1:
                        self._size = len(part) // 2
                        continue
                    doubtful.append(replace(part[0], refused=part[0].refused or error.what))
                    if len(doubtful) >= MOST_REFUSED:
                        raise
                    part = []
                some = some[max(1, len(part)) :]
                if part:
                    self._keep_people(part, doubtful, by_id, set(portion.gone))
                    moved, doubtful = True, []
            if self._stopping.is_set():
                return moved
        self._keep_people([], doubtful, {}, set())
        self._commit(replace(self._state, generation=generation, mapping=self._feed.digest), [])
        return moved

    async def _send_people(self, part: list[Rendered], generation: int) -> None:
        wrong = next((record for record in part if record.refused), None)
        if wrong is not None:
            raise self._wrong(wrong)
        await self._bounded(self._target.deliver(self._feed.batch("person", part, generation)))

    def _known_refusal(self, record: Rendered, by_id: dict[int, Sent]) -> bool:
        number = record.source.position
        digest = by_id[number].digest if number in by_id else ""
        return self._refused_people.get(number) == digest

    def _keep_people(
        self,
        part: list[Rendered],
        wrong: list[Rendered],
        by_id: dict[int, Sent],
        gone: set[int],
    ) -> None:
        if not part and not wrong:
            return
        ids = [record.source.position for record in part]
        for record in wrong:
            number = record.source.position
            self._refused_people[number] = by_id[number].digest if number in by_id else ""
        state, notes = counted(self._state, self._clock.utc(), part, wrong)
        self._commit(
            state,
            notes + [_refusal(record) for record in wrong],
            sent=[by_id[number] for number in ids if number in by_id],
            gone=[number for number in ids if number in gone],
        )
        if part:
            self._worked(len(part))

    # --- both -------------------------------------------------------------------------------

    def _commit(
        self,
        state: State,
        notes: list[Note],
        *,
        done: list[int] | None = None,
        sent: list[Sent] | None = None,
        gone: list[int] | None = None,
    ) -> None:
        state, more = turned(state, self._clock.utc())
        self._store.exports.commit(
            self._gate,
            self._settings.receiver,
            self._key,
            state.written(),
            done=done or (),
            sent=sent or (),
            gone=gone or (),
            notes=[*notes, *more],
        )
        self._state = state

    def _worked(self, count: int) -> None:
        self.delivered += count
        self._size = min(2 * self._size, self._feed.size)
        self._since = self._clock.monotonic()
        self.fault, self._failing, self._unsure = None, None, False
        if self._reported:
            self._reported = False
            self._emit("export.back", "")

    def _failed(self, error: DeliveryError) -> None:
        if self.fault is None:
            log.warning("export.fault", extra={"cause": error.what, "where": error.where})
        self.fault = error
        now = self._clock.monotonic()
        self._failing = now if self._failing is None else self._failing
        if now - self._failing >= _SILENT and not self._reported:
            self._reported = True
            self._emit("export.lost", error.what)

    def _emit(self, type: str, cause: str) -> None:
        details = {"export": self._settings.name, "cause": cause}
        self._report(Event.make(self._gate, type, self._clock.utc(), details=details))


def _refusal(record: Rendered) -> Note:
    source = record.source
    return (
        "platform.refused",
        {"kind": source.kind, "position": source.position, "why": record.refused},
    )
