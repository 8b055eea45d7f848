"""Takes commands from the broker, judges them, writes down what became of them, answers."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho

from gate.clock import Clock
from gate.errors import GateError, StoreError
from gate.events.event import Event
from gate.events.uuid7 import uuid7
from gate.integrations.mqtt_link import Link
from gate.integrations.settings import CommandSettings
from gate.integrations.signed_command import (
    LONGEST,
    PER_MINUTE,
    Accepted,
    Command,
    Key,
    Known,
    Refused,
    is_signed,
    judge,
)
from gate.store.counter_file import CounterFile
from gate.store.store import Store

log = logging.getLogger(__name__)

# carries a command out; returns "" when done, else why not (a code, e.g. "fire")
Handler = Callable[[Command], str]

_OPENING = frozenset({"open", "hold", "normal"})  # never without a signature
# obeyed although the store cannot be written: a full disk must not keep a door from being locked,
# nor from the mode staff want it in
_FIRST = frozenset({"lockdown", "normal", "hold"})
_QUEUE = 100  # messages not yet judged; more are dropped and answered
_QUEUE_UNSIGNED = 20  # the same, of those without a valid signature, and of buttons
_ANSWERS = 20  # answers a second to messages that were dropped
_REFUSALS = 30  # refused messages written down in a minute; more are only counted


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    raw: bytes
    response: str | None
    correlation: bytes | None


class CommandReceiver:
    """``received`` is for paho's thread; everything else belongs to one thread of its own.

    The counter of a command and its audit line are on the disk before the handler is called: a
    gate that dies in between has not obeyed and will not obey the same message again. With
    ``later``, a lock-down is obeyed first and written down then, and ``normal`` and ``hold`` are
    obeyed although they cannot be written yet; until they are, their counters are kept in memory
    and in a file of their own (``CounterFile``).
    """

    def __init__(
        self,
        settings: CommandSettings,
        gate: str,
        store: Store,
        clock: Clock,
        handler: Handler,
        buttons: Collection[str] = (),
        later: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """``later``: has a write done as soon as the store can be written."""
        self._later = later
        path = store.database.path
        self._kept = CounterFile(path.with_suffix(".counters") if path is not None else None)
        # by key: counters that may not be in the database yet
        self._counted: dict[str, int] = self._kept.read()
        self._keys: tuple[dict[str, Key], dict[str, int]] | None = None  # as last read
        self._settings = settings
        self._gate = gate
        self._store = store
        self._clock = clock
        self._handler = handler
        self._buttons = frozenset(buttons) - _OPENING
        self._link: Link | None = None
        self._queue: queue.Queue[_Message] = queue.Queue(_QUEUE)
        self._unsigned: queue.Queue[_Message] = queue.Queue(_QUEUE_UNSIGNED)
        self._answered = (0, 0)  # the second, and answers to dropped messages in it
        self._read = float("-inf")  # when the keys were read
        self._stopping = threading.Event()
        self._recent: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=1000))
        self._refusals: deque[int] = deque(maxlen=_REFUSALS)
        self._uncounted = 0
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self, link: Link) -> None:
        """``link`` carries the answers."""
        self._link = link
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10.0)

    def received(self, message: paho.MQTTMessage) -> None:
        """Queue a message. A retained one is no command: it may be years old.

        Signatures are checked here, with the keys as last read, so that a flood of unsigned
        messages fills a queue of its own and no signed one is lost to it.
        """
        properties = message.properties
        item = _Message(
            message.topic,
            bytes(message.payload[: LONGEST + 1]),
            getattr(properties, "ResponseTopic", None),
            getattr(properties, "CorrelationData", None),
        )
        if message.retain:
            self._drop(item, "retained")
            return
        button = "/button/" in message.topic
        signed = not button and is_signed(item.raw, self._keys[0] if self._keys else {})
        try:
            (self._queue if signed else self._unsigned).put_nowait(item)
        except queue.Full:
            self._drop(item, "busy")

    def _drop(self, item: _Message, reason: str) -> None:
        """Counted, and answered: at most so many a second, for a flood of answers is one too."""
        self._uncounted += 1
        second = int(self._clock.monotonic())
        if second != self._answered[0]:
            self._answered = (second, 0)
        if self._answered[1] < _ANSWERS:
            self._answered = (second, self._answered[1] + 1)
            answer = self._answer("refused", reason, None, None)
            self._send(answer, item.response, item.correlation)

    def _next(self) -> _Message | None:
        """Signed messages first."""
        with suppress(queue.Empty):
            return self._queue.get_nowait()
        with suppress(queue.Empty):
            return self._unsigned.get_nowait()
        with suppress(queue.Empty):
            return self._queue.get(timeout=0.05)
        return None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._refresh()
            message = self._next()
            if message is None:
                continue
            try:
                _, button, name = message.topic.partition("/button/")
                if button:
                    self.press(name)
                else:
                    self.obey(message.raw, message.response, message.correlation)
            except StoreError as error:  # what cannot be written down is not obeyed
                log.error("command.store", extra={"cause": error.what})
            except Exception:  # the thread must go on: the next command may be a lock-down
                log.exception("command.failed")

    def obey(
        self, raw: bytes, response: str | None = None, correlation: bytes | None = None
    ) -> dict[str, Any]:
        """Judge one message, carry it out or not, and answer. Raises StoreError."""
        now = int(self._clock.utc().timestamp() * 1000)
        verdict = judge(raw, self._known(), now)
        if isinstance(verdict, Accepted):
            answer = self._accept(verdict, now)
        else:
            self._refuse(verdict, now)
            answer = self._answer("refused", verdict.reason, verdict.id, verdict.name)
        self._send(answer, response, correlation)
        return answer

    def press(self, name: str) -> dict[str, Any]:
        """An unsigned order, if the policy has a button for it. Raises StoreError."""
        now = int(self._clock.utc().timestamp() * 1000)
        presses = [at for at in self._recent["button"] if now - 60_000 < at <= now]
        if name not in self._buttons:
            verdict = Refused("not_a_button")
        elif len(presses) >= PER_MINUTE:
            verdict = Refused("too_many")
        else:
            key = Key("button", "button", b"", self._buttons)
            # nothing counts presses: a repeated one does what was done already
            return self._accept(
                Accepted(Command(uuid7(self._clock.utc()), self._gate, name, now, now, -1), key),
                now,
            )
        self._refuse(verdict, now)
        return self._answer("refused", verdict.reason, None, None)

    def _refresh(self) -> None:
        """Read the keys again once a second, for ``received``."""
        if self._clock.monotonic() - self._read < 1.0:
            return
        self._read = self._clock.monotonic()
        with suppress(StoreError):
            self._known()

    def _known(self) -> Known:
        try:
            keys = {
                row.id: Key(
                    row.id, row.name, row.public, frozenset(row.commands), row.revoked is not None
                )
                for row in self._store.command_keys.list()
            }
            self._keys = keys, dict(self._store.command_keys.counters(self._gate))
        except StoreError:
            if self._keys is None:
                raise
        keys, counters = self._keys
        ahead = {id: max(count, counters.get(id, -1)) for id, count in self._counted.items()}
        counted = {**counters, **ahead}
        return Known(self._gate, keys, counted, self._recent, self._settings, self._obeyed)

    def _obeyed(self, name: str, id: str) -> bool:
        """True too where the audit cannot be read."""
        try:
            return self._store.audit.holds(f"command.{name}", self._gate, id=id)
        except StoreError:
            return True

    def _accept(self, verdict: Accepted, now: int) -> dict[str, Any]:
        command, key = verdict.command, verdict.key
        self._recent[key.id].append(now)
        details = {"command": command.name, "id": command.id, "key_id": key.id}
        arguments = {"arguments": dict(command.arguments)} if command.arguments else {}
        event = Event.make(self._gate, "command.accepted", self._clock.utc(), details=details)

        def write() -> None:
            with self._store.database.write(urgent=True) as session:
                if command.counter >= 0:
                    self._store.command_keys.count_in(session, self._gate, key.id, command.counter)
                self._store.audit.note_in(
                    session,
                    f"key:{key.name}",
                    f"command.{command.name}",
                    self._gate,
                    **details,
                    **arguments,
                )
                self._store.events.append_in(session, [event])
            self._store.writer.wrote.set()

        first = self._later is not None and command.name in _FIRST
        if first and command.counter >= 0:
            self._counted[key.id] = command.counter
        if first and command.name == "lockdown":  # the door does not wait for a disk
            reason = self._carry_out(command)
            self._write(write)
        else:
            if first:
                self._write(write)
            else:
                write()
            reason = self._carry_out(command)
        return self._answer("refused" if reason else "done", reason, command.id, command.name)

    def _write(self, write: Callable[[], None]) -> None:
        """Now, or as soon as the store can be written."""
        try:
            write()
        except StoreError as error:
            log.error("command.unwritten", extra={"cause": error.what})
            self._kept.write(self._counted)
            if self._later is not None:
                self._later(write)

    def _carry_out(self, command: Command) -> str:
        try:
            return self._handler(command)
        except GateError as error:
            log.error("command.failed", extra={"command": command.name, "cause": error.what})
            return "failed"

    def _refuse(self, verdict: Refused, now: int) -> None:
        """Write a refusal down, but do not let a flood of them fill the disk."""
        if len(self._refusals) == _REFUSALS and now - self._refusals[0] < 60_000:
            self._uncounted += 1
            return
        self._refusals.append(now)
        values = {
            "reason": verdict.reason,
            "command": verdict.name,
            "id": verdict.id,
            "key_id": verdict.key,
        }
        details = {key: value for key, value in values.items() if value is not None}
        if self._uncounted:
            details["not_written"] = str(self._uncounted)
            self._uncounted = 0
        with self._store.database.write() as session:
            self._store.audit.note_in(
                session, f"key:{verdict.key or '?'}", "command.refused", self._gate, **details
            )
            self._store.events.append_in(
                session,
                [Event.make(self._gate, "command.refused", self._clock.utc(), details=details)],
            )
        self._store.writer.wrote.set()

    def _answer(self, result: str, reason: str, id: str | None, name: str | None) -> dict[str, Any]:
        values = {
            "gate": self._gate,
            "result": result,
            "reason": reason or None,
            "id": id,
            "command": name,
        }
        return {key: value for key, value in values.items() if value is not None}

    def _send(
        self, answer: dict[str, Any], response: str | None, correlation: bytes | None
    ) -> None:
        """Only below our own name: nobody can make the gate write elsewhere."""
        if self._link is None:
            return
        topics = self._link.topics
        own = response is not None and response.startswith(f"{topics.base}/answer")
        topic = response if own and response is not None else topics.answer
        if any(wild in topic for wild in "+#\0"):
            topic = topics.answer
        self._link.publish(topic, json.dumps(answer).encode(), correlation=correlation)
