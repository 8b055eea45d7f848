"""Credentials: readers post claims, a thread looks them up, uses of permits are counted."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import TimeoutError
from functools import partial
from typing import TypeVar

from gate.access.guessing import Series
from gate.access.permit_keys import KeyFolder
from gate.access.request import Credential
from gate.clock import Clock
from gate.config.settings import Settings
from gate.daemon.bounded_call import BoundedCall
from gate.daemon.claim_queue import ClaimQueue
from gate.daemon.credential_lookup import METHODS, CredentialLookup
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.grants import Grants
from gate.daemon.items import Item
from gate.daemon.journal import Recorder
from gate.daemon.kept_guesses import KeptGuesses
from gate.errors import GateError, StoreError
from gate.events.event import Event
from gate.passage import outputs
from gate.passage.inputs import CLAIM_AGE, Checked, Shown
from gate.readers.claim import Claim, ClaimKind
from gate.readers.reader import Reader
from gate.services.permits import PermitBook
from gate.store.store import Store

log = logging.getLogger(__name__)

WRONG = frozenset({"card_unknown", "pin_unknown", "permit_forged"})  # what guessing yields
_LIMIT = CLAIM_AGE  # seconds a look-up may take: a later answer is of no use
_EVERY = 1.0  # seconds between two looks at dropped claims and series that are over
_REPORT = 60.0  # seconds between two reports of dropped claims of one reader

Source = tuple[ClaimKind, str]
T = TypeVar("T")


class CredentialWorker:
    """``claim`` may be called by any thread; the look-ups belong to a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        post: Callable[[Item], None],
        recorder: Recorder | None = None,
        trusted: Callable[[], bool] = lambda: True,
        *,
        counts: bool = True,
    ) -> None:
        """``counts``: whether a use of a permit that is counted outlasts a restart.

        Raises AccessError for a permit key that cannot be used.
        """
        self._gate = settings.name
        self._guessing = settings.access.guessing
        self._clock = clock
        self._post = post
        self._recorder = recorder or store.writer
        keys = KeyFolder(settings.data)
        self._book = PermitBook(store, keys, settings.access.permit, counts=counts)
        self._grants = Grants()
        self._lookup = CredentialLookup(
            store, self._book, settings.name, settings.access.pin, trusted, self._grants.reserved
        )
        self._pins = settings.access.pin
        self._kept = KeptGuesses(store.key_values, settings.name, clock)
        self._remembered = False  # the wrong PINs of before the start
        self._queue = ClaimQueue()
        self._checks: deque[tuple[str, bool]] = deque()  # what is to be looked up again
        self._series: dict[Source, Series] = {}
        self._answered: dict[str, float] = {}  # reader → when a slowed claim was answered last
        self._reported: dict[str, float] = {}
        self._dropped: dict[str, int] = {}
        self._looked = 0.0
        self._there = True
        self._stopping = threading.Event()
        self._readers = [Reader(s, self.claim, self._status) for s in settings.reader]
        self._thread = threading.Thread(target=self._run, name="claims", daemon=True)

    def open(self) -> None:
        self._bounded = BoundedCall(_LIMIT, "claims-store")
        self._thread.start()
        for reader in self._readers:
            reader.open()

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._stopping.set()
        self._queue.wake()
        if self._thread.is_alive():
            self._thread.join(_LIMIT + 0.5)

    def claim(self, claim: Claim) -> None:
        """A card, permit or PIN was shown."""
        self._queue.put(claim)

    def check(self, serial: str, granted: bool) -> None:
        """Look up again what was shown a moment ago; the answer is posted, or none where the
        register cannot be asked.

        ``granted``: it was, and waits for the site's controller.
        """
        self._checks.append((serial, granted))
        self._queue.wake()

    def heard(self, output: outputs.Output, now: float) -> None:
        """Called by the loop: answer at the reader, and count a permit that opened."""
        light = self._grants.heard(output)
        if light is not None:
            for reader in self._readers:
                reader.feedback(light)
        if light:
            self._queue.wake()  # a use may have to be counted

    def releasing(self, passage: str, seconds: float) -> bool:
        """Called by the loop before it releases the door: the use of a permit is counted first.

        False where it was used up or revoked meanwhile. A register that takes more than
        ``seconds`` keeps nobody out: the use stays reserved, and is counted later.
        """
        use = self._grants.releasing(passage)
        if use is None:
            return True
        self._queue.wake()
        try:
            return use.result(seconds)
        except TimeoutError:
            log.warning("permit.late", extra={"seconds": round(seconds, 3)})
            return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            claim = self._queue.get(_EVERY)
            if self._grants.uncounted():
                self._try(self._count)
            # each once: a slow database must not keep who shows something waiting meanwhile
            checks = dict(self._checks.popleft() for _ in range(len(self._checks)))
            for serial, granted in checks.items():
                self._again(serial, granted)
            if claim is not None:
                self._serve(claim)
            self._look_around()
        if self._grants.uncounted():
            self._try(self._count)
        self._bounded.close()

    def _serve(self, claim: Claim) -> None:
        """Look a claim up, unless it is too old or its source is slowed down."""
        now = self._clock.monotonic()
        if now - claim.shown > CLAIM_AGE:
            self._drop(claim.reader)
            self._unchecked(claim)
            return
        if claim.kind is ClaimKind.PIN and not self._remembered and not self._try(self._remember):
            self._unchecked(claim)
            return
        source = source_of(claim)
        series = self._series.get(source, Series())
        if series.wait(now, self._guessing) > 0:
            self._series[source] = series.after_unchecked()
            last = self._answered.get(claim.reader)
            if last is None or now - last > CLAIM_AGE:  # a flood is not answered one by one
                self._answered[claim.reader] = now
                self._post(_refused(claim, "reader_slowed"))
            return
        shown = self._try(lambda: self._look_up(claim))
        if shown is None:
            self._unchecked(claim)
            return
        if shown.credential.problem in WRONG:
            self._wrong(source, series, claim.shown)
        if claim.kind is ClaimKind.PIN and shown.credential.problem not in ("", "pin_locked"):
            pads = dict(self._lookup.guesses)
            wrong = self._series.get(source, series)
            self._try(partial(self._bounded, partial(self._kept.keep, pads, wrong)))
        self._post(shown)

    def _remember(self) -> bool:
        """Wrong PINs of before the start count on."""
        pads, series = self._bounded(partial(self._kept.read, self._pins))
        self._lookup.guesses.update(pads)
        if series.wrong:
            self._series[ClaimKind.PIN, ""] = series
        self._remembered = True
        return True

    def _again(self, serial: str, granted: bool) -> None:
        utc = self._clock.utc()
        found = self._try(
            lambda: self._asked(lambda: self._lookup.again(serial, utc, granted=granted))
        )
        if found is not None:
            self._post(Checked(serial, *found, granted))

    def _look_up(self, claim: Claim) -> Shown:
        utc = self._clock.utc()
        return self._asked(lambda: self._lookup.look_up(claim, utc))

    def _asked(self, work: Callable[[], T]) -> T:
        self._count()  # a register that cannot keep a use is not asked for another
        return self._bounded(work)

    def _count(self) -> bool:
        while serial := self._grants.uncounted():
            self._grants.counted(self._bounded(partial(self._book.use, serial)))
        return True

    def _try(self, work: Callable[[], T]) -> T | None:
        """What ``work`` gives; None, logged and reported, when the register cannot be asked."""
        try:
            done = work()
        except StoreError as error:
            log.error("claim.unread", extra={"cause": error.what, "where": error.where})
            self._register(False, error.what)
            return None
        except GateError as error:
            log.error("claim.failed", extra={"cause": error.what})
            return None
        self._register(True)
        return done

    def _unchecked(self, claim: Claim) -> None:
        self._post(_refused(claim, "credential_unchecked"))

    def _wrong(self, source: Source, series: Series, at: float) -> None:
        after, alarm = series.after_wrong(at, self._guessing)
        self._series[source] = after
        if alarm:
            self._record_series(source, after, at, ended=False)

    def _look_around(self) -> None:
        """Report series of wrong credentials that are over and claims that were dropped."""
        now = self._clock.monotonic()
        if now - self._looked < _EVERY:
            return
        self._looked = now
        if not self._there:  # it may be hours until somebody shows something
            self._try(lambda: self._bounded(self._lookup.reach))
        for source, series in list(self._series.items()):
            if series.over(now, self._guessing):
                del self._series[source]
                if series.count >= self._guessing.attempts:
                    self._record_series(source, series, now, ended=True)
        for reader, count in self._queue.dropped().items():
            self._drop(reader, count)
        for reader, count in list(self._dropped.items()):
            if now - self._reported.get(reader, -_REPORT) >= _REPORT:
                self._reported[reader] = now
                del self._dropped[reader]
                self._record("credential.dropped", reader=reader, count=count)

    def _drop(self, reader: str, count: int = 1) -> None:
        self._dropped[reader] = self._dropped.get(reader, 0) + count

    def _record_series(self, source: Source, series: Series, now: float, *, ended: bool) -> None:
        kind, reader = source
        self._record(
            "credential.guessing",
            kind=kind.value,
            **({"reader": reader} if reader else {}),
            count=series.count,
            unchecked=series.unchecked,
            seconds=round(max(0.0, series.wrong[-1] - series.began), 1),
            ended=ended,
        )

    def _record(self, type: str, **details: object) -> None:
        self._recorder.record(Event.make(self._gate, type, self._clock.utc(), details=details))

    def _register(self, there: bool, reason: str = "") -> None:
        if there != self._there:
            self._there = there
            self._post(DeviceStatus("reader", "register", there, reason))

    def _status(self, reader: str, there: bool, reason: str) -> None:
        self._post(DeviceStatus("reader", reader, there, reason))


def source_of(claim: Claim) -> Source:
    """Where guesses are counted: cards and permits by reader, PINs over all keypads together."""
    return claim.kind, "" if claim.kind is ClaimKind.PIN else claim.reader


def _refused(claim: Claim, problem: str) -> Shown:
    return Shown(METHODS[claim.kind], None, Credential(problem), claim.shown)
