"""The thread that takes alarms from the outbox and has them sent.

An event leaves the outbox when it was sent or when nobody wants it, so a restart or a network that
is away for hours loses none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import select

from gate.errors import BrokerError, StoreError
from gate.notify import words
from gate.notify.plan import Message, Plan
from gate.notify.sending import Sender
from gate.notify.settings import NotifySettings
from gate.store.store import Store
from gate.store.tables import AcknowledgementRow

log = logging.getLogger(__name__)

RECEIVER = "notify"
LOOK_EVERY = 1.0  # seconds
RETRY_FIRST, RETRY_MOST = 15.0, 600.0  # seconds


class Notifier:
    """Args:
    gate: its name in the outbox.
    label: its name for people.
    """

    def __init__(
        self,
        settings: NotifySettings,
        gate: str,
        label: str,
        store: Store,
        sender: Sender,
        zone: tzinfo | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.fault: BrokerError | None = None
        self.sent = 0
        self._settings = settings
        self._gate, self._label = gate, label or gate
        self._store, self._sender, self._zone, self._now = store, sender, zone, now
        self._plan = Plan(settings)
        self._to = {to.name: to for to in settings.to}
        self._after = 0  # the newest sequence that the plan has
        self._pending: dict[str, int] = {}  # event → sequence, until it is in a sent message
        self._not_before: dict[str, tuple[datetime, float]] = {}  # receiver → time, next wait
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            try:
                self.look()
            except StoreError as error:
                log.warning("notify.store", extra={"cause": error.what})
            except Exception:  # whatever it is, alarms wait in the outbox
                log.exception("notify.failed")

    def look(self) -> None:
        """Read what is new, send what is due, settle what is done."""
        self._read()
        waiting = self._plan.waiting_for()
        if waiting:
            self._plan.acknowledged(self._acknowledged(waiting))
        now = self._now()
        for message in self._plan.due(now, now.astimezone(self._zone)):
            self._send(message, now)
        unsent = self._plan.unsent()
        done = [sequence for event, sequence in self._pending.items() if event not in unsent]
        if done:
            self._store.outbox.delivered(self._gate, RECEIVER, done)
            self._pending = {e: s for e, s in self._pending.items() if e in unsent}

    def _read(self) -> None:
        now = self._now()
        while events := self._store.outbox.next(self._gate, RECEIVER, after=self._after):
            unwanted = []
            for event in events:
                sequence = int(event["sequence"])
                self._after = sequence
                if self._plan.add(event, now):
                    self._pending[str(event["id"])] = sequence
                else:
                    unwanted.append(sequence)
            if unwanted:
                self._store.outbox.delivered(self._gate, RECEIVER, unwanted)

    def _send(self, message: Message, now: datetime) -> None:
        not_before, wait = self._not_before.get(message.receiver, (now, RETRY_FIRST))
        if now < not_before:
            self._plan.back(message)
            return
        language = self._settings.language
        try:
            self._sender.send(
                self._to[message.receiver],
                words.title(message, self._label, language),
                words.body(message, language, self._zone),
                urgent=message.severity == "critical",
            )
        except BrokerError as error:
            if self.fault is None:
                log.warning("notify.fault", extra={"to": message.receiver, "cause": error.what})
            self.fault = error
            later = now + timedelta(seconds=wait)
            self._not_before[message.receiver] = (later, min(2 * wait, RETRY_MOST))
            self._plan.back(message)
            return
        self.fault = None
        self._not_before.pop(message.receiver, None)
        self.sent += 1
        log.info("notify.sent", extra={"to": message.receiver, "kind": message.kind})

    def _acknowledged(self, events: set[str]) -> list[str]:
        query = select(AcknowledgementRow.event).where(AcknowledgementRow.event.in_(events))
        with self._store.database.read() as session:
            return list(session.scalars(query))
