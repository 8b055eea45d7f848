"""Sends the outbox to the broker: in order, at least once, with no more in flight than allowed."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gate.errors import BrokerError, StoreError
from gate.integrations.mqtt_link import Link, OnMessage
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics
from gate.store.store import Store

log = logging.getLogger(__name__)

RECEIVER = "mqtt"
_BATCH = 500
_FLUSH_EVERY = 0.5  # seconds between two writes of what is settled
_SLICE = 0.05  # seconds; what was not sent in one may be made up for in the next
_REFUSED_WAIT = 10.0  # seconds before an event the broker refused is offered again
_REPORT_EVERY = 10.0  # seconds between two figures of the outbox
_LIFE_EVERY = 2.0  # the same while something waits for a sign of life


@dataclass(frozen=True, slots=True)
class Health:
    """State of the publishing, for doctor, metrics and the desk."""

    connected: bool
    fault: BrokerError | None
    waiting: int
    capacity: int
    published: int


class Publisher:
    """Owns the connection and one thread.

    The thread owns ``_ready``, ``_under_way``, ``_done`` and ``_after``; paho's thread only appends
    to ``_answers``. An event leaves the outbox when the broker has lived ``settle`` seconds after
    acknowledging it.
    After a lost connection or a restart of the gate everything in the outbox is sent again, in
    order: a broker that died may have lost what it had not saved. The receiver drops what it
    already has by its sequence.
    """

    def __init__(
        self,
        settings: MqttSettings,
        gate: str,
        store: Store,
        on_message: OnMessage | None = None,
    ) -> None:
        self.topics = Topics(settings.prefix, gate)
        self.link = Link(
            settings, self.topics, on_message=on_message, on_acknowledged=self._acknowledged
        )
        self.published = 0
        self._gate = gate
        self._store = store
        self._answers: deque[tuple[int, int, bool]] = deque()
        self._under_way: dict[int, int] = {}  # message number → sequence
        self._ready: deque[dict[str, Any]] = deque()
        self._done: deque[tuple[float, int]] = deque()  # acknowledged when, which
        self._settle_time = settings.settle
        self._heard = 0.0  # the last sign of life of the broker
        self._rate = settings.rate
        self._next = 0.0  # when the next event may go
        self._connection = 0  # the one everything under way belongs to
        self._flushed = 0.0
        self._after = 0
        self._wake = store.writer.wrote
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Raises BrokerError when the certificates cannot be used; a broker that is away is not
        an error, events wait."""
        self.link.start()
        self._thread.start()

    def stop(self, drain: float = 0.0) -> None:
        """Stop; first wait up to ``drain`` seconds for the outbox to empty."""
        end = time.monotonic() + drain
        while time.monotonic() < end and self.health().waiting:
            self._stopping.wait(0.05)
        self._stopping.set()
        self._wake.set()
        self._thread.join(10.0)
        self.link.stop()

    def state(self, thing: str, value: dict[str, object]) -> None:
        """Publish a retained state, e.g. ``state("door", {"state": "locked"})``."""
        self.link.retain(self.topics.state(thing), value)

    def health(self) -> Health:
        return Health(
            self.link.up.is_set(),
            self.link.fault,
            max(0, self._store.outbox.waiting(self._gate, RECEIVER) - len(self._done)),
            self._store.outbox.capacity,
            self.published,
        )

    def _acknowledged(self, connection: int, mid: int, taken: bool) -> None:
        self._answers.append((connection, mid, taken))
        self._wake.set()

    def _run(self) -> None:
        reported = -_REPORT_EVERY
        while not self._stopping.is_set():
            self._wake.wait(_SLICE if self._ready else 0.5)
            self._wake.clear()
            if self._ready:
                self._stopping.wait(max(0.0, self._next - time.monotonic()))
            try:
                if self.link.connection != self._connection:
                    self._start_over()
                elif self._settle():
                    self._stopping.wait(_REFUSED_WAIT)
                    self._start_over()
                if self.link.up.is_set():
                    self._send()
                now = time.monotonic()
                if now - reported >= (_LIFE_EVERY if self._done else _REPORT_EVERY):
                    reported = now
                    self._report()
            except StoreError as error:
                log.warning("publisher.store", extra={"cause": error.what})
                self._stopping.wait(1.0)
            except Exception:  # whatever it is, events wait in the outbox
                log.exception("publisher.failed")
                self._stopping.wait(1.0)
        with suppress(StoreError):  # they stay in the outbox and are sent again
            self._settle()

    def _report(self) -> None:
        """How full the outbox is. Its acknowledgement is a sign of life, so it is sent even when
        nothing changed."""
        health = self.health()
        figures = {"waiting": health.waiting, "capacity": health.capacity}
        if not self.link.retain(self.topics.state("outbox"), figures):
            self.link.publish(
                self.topics.state("outbox"), json.dumps(figures).encode(), retain=True
            )

    def _settle(self) -> bool:
        """Note what the broker acknowledged. True when it refused something."""
        refused = False
        now = time.monotonic()
        while self._answers:
            connection, mid, taken = self._answers.popleft()
            if connection != self._connection:
                continue
            self._heard = now
            sequence = self._under_way.pop(mid, None)
            if sequence is None:
                continue  # a state or an answer
            if taken:
                self._done.append((now, sequence))
                self.published += 1
            else:
                refused = True
        if now - self._flushed >= min(_FLUSH_EVERY, self._settle_time):
            self._flush()
        return refused

    def _flush(self) -> None:
        """Take what is settled out of the outbox, many at once: each time costs a disk write.

        Time counts up to the last sign of life of the broker, not to now: one that died unnoticed
        may have lost what it acknowledged just before.
        """
        settled = []
        while self._done and self._done[0][0] <= self._heard - self._settle_time:
            settled.append(self._done.popleft()[1])
        if settled:
            self._store.outbox.delivered(self._gate, RECEIVER, settled)
        self._flushed = time.monotonic()

    def _start_over(self) -> None:
        """From the oldest event in the outbox."""
        self._connection = self.link.connection
        self._under_way.clear()
        self._done.clear()
        self._ready.clear()
        self._after = 0

    def _send(self) -> None:
        if not self._ready:
            self._ready.extend(self._store.outbox.next(self._gate, RECEIVER, self._after, _BATCH))
            if self._ready:
                self._after = self._ready[-1]["sequence"]
            elif not self._under_way and not self._done:
                self._after = 0  # older events may have been put into the outbox again
        if not self._ready:
            return  # an event written or acknowledged wakes the thread
        now = time.monotonic()
        self._next = max(self._next, now - _SLICE)
        while self._ready and len(self._under_way) < self.link.window and self._next <= now:
            self._next += 1 / self._rate
            body = self._ready[0]
            payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            user = (("schema", str(body["version"])), ("type", str(body["type"])))
            info = self.link.publish(
                self.topics.event, payload, user=user, connection=self._connection
            )
            if info is None:
                return
            self._ready.popleft()
            self._under_way[info.mid] = body["sequence"]
        if not self._ready and len(self._under_way) < self.link.window:
            self._wake.set()  # there may be more than one batch
