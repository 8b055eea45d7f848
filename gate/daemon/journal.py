"""The events of one gate on their way to the disk, and how long a grant waits for that."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future, TimeoutError
from typing import Protocol

from gate.clock import Clock
from gate.daemon.decision_event import decision_event
from gate.errors import StoreError
from gate.events.event import Event
from gate.passage import outputs

log = logging.getLogger(__name__)

# how long a granted passage waits for its event to be on the disk before the door opens; after
# it the event waits in memory and the resident is let in
DURABLE_WITHIN = 0.25


class Recorder(Protocol):
    """Where events go: the store's writer."""

    def record(self, event: Event) -> Future[Event]: ...


class Journal:
    """Makes the events of one gate and passes them to the recorder. It belongs to one thread."""

    def __init__(self, gate: str, recorder: Recorder, clock: Clock) -> None:
        self._gate = gate
        self._recorder = recorder
        self._clock = clock
        self._newest: Future[Event] | None = None  # of the decisions

    def record(
        self,
        type: str,
        *,
        passage: str | None = None,
        details: Mapping[str, object] | None = None,
        person: str | None = None,
    ) -> Future[Event]:
        """Record that something happened now; ``person``: a pseudonym."""
        event = Event.make(
            self._gate,
            type,
            self._clock.utc(),
            passage=passage,
            details=dict(details or {}),
            person=person,
        )
        return self._recorder.record(event)

    def decided(self, decided: outputs.Decided) -> None:
        """Record a decision."""
        self._newest = self._recorder.record(decision_event(self._gate, self._clock.utc(), decided))

    def wait_for_decision(self) -> None:
        """Wait at most ``DURABLE_WITHIN`` seconds until the newest decision is on the disk."""
        if self._newest is not None:
            self.wait(self._newest, DURABLE_WITHIN)

    def wait(self, written: Future[Event], seconds: float) -> None:
        """Wait until an event is on the disk; one that is late or lost is only logged."""
        try:
            written.result(seconds)
        except TimeoutError:
            log.warning("event.late", extra={"seconds": seconds})
        except StoreError as error:
            log.error("event.lost", extra={"cause": error.what})
