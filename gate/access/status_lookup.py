"""Queries the status service in threads, so that nobody at the gate waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gate.access.breaker import Breaker
from gate.access.decision import Person
from gate.access.entry_status import Answer, StatusProvider, judge
from gate.access.request import Finding
from gate.access.status_settings import THREADS, StatusSettings
from gate.errors import GateError

_log = logging.getLogger(__name__)
_MOST_KEPT = 20_000
# consecutive failures after which the service is left alone for so many seconds: passages do not
# wait for one that is down, and it is not held down by those who try
FAILURES, REST = 3, 15.0

# an answer counts for somebody who waits for so long (seconds) at least, however short `fresh` is
HELD = 2.0

Deliver = Callable[[int, tuple[Finding, ...], float], None]


class StatusLookup:
    """One for the gate.

    Args:
        deliver: gets (person, findings, until when they count) for every ``ask``, in a thread of
            its own or the caller's; must be quick (put it into the main loop's queue).
        monotonic: seconds.
        listener: called with "lost" and the reason when the breaker opens, "back" afterwards.
    """

    def __init__(
        self,
        provider: StatusProvider,
        settings: StatusSettings,
        deliver: Deliver,
        monotonic: Callable[[], float],
        listener: Callable[[str, str], None] | None = None,
        *,
        failures: int = FAILURES,
        rest: float = REST,
    ) -> None:
        self._provider, self._settings, self._deliver = provider, settings, deliver
        self._monotonic, self._listener = monotonic, listener or (lambda state, why: None)
        self._decides = any(i.unavailable in ("require", "refer") for i in settings.items)
        self._failures, self._rest = failures, rest
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="status")
        self._lock = threading.Lock()  # guards the three below
        self._breaker = Breaker()
        self._kept: dict[int, tuple[float, Answer]] = {}
        self._asking: set[int] = set()

    def ask(self, person: Person) -> None:
        """Findings come by ``deliver``: at once from the cache or from an open breaker.

        The person whose query tests a service that had failed does not wait either: the result is
        "unknown", and if an answer arrives after all it is delivered too. The answer is worth
        waiting for only where an unknown status refuses entry.
        """
        answer: Answer | None = None
        with self._lock:
            now = end = self._monotonic()
            kept = self._kept.get(person.id)
            if kept is not None and now - kept[0] < self._settings.fresh:
                end, answer = kept[0] + self._settings.fresh, kept[1]
            else:
                under_way = person.id in self._asking
                if not under_way:
                    under_way, self._breaker = self._breaker.may_ask(now)
                    if under_way:
                        self._asking.add(person.id)
                        self._pool.submit(self._work, person)
                if under_way and (self._breaker.open_until is None or self._decides):
                    return
        self._deliver(person.id, judge(answer, self._settings), max(end, now + HELD))

    def forget(self, person: int) -> None:
        """Remove every trace of a deleted person."""
        with self._lock:
            self._kept.pop(person, None)

    def close(self) -> None:
        """May be called twice; an answer in progress is discarded after its time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._provider.close()

    def _work(self, person: Person) -> None:
        answer: Answer | None = None
        why = ""
        try:
            answer = self._provider.ask(person.ref)
        except GateError as error:
            why = error.what
        except Exception as error:  # a third-party provider must not end the thread silently
            why = f"{type(error).__name__} in the status provider"
            _log.exception("the status provider failed")
        reported = ""
        with self._lock:
            now = end = self._monotonic()
            self._asking.discard(person.id)
            was_open = self._breaker.open_until is not None
            if answer is None:
                self._breaker = self._breaker.failed(now, self._failures, self._rest)
                reported = "lost" if self._breaker.open_until is not None and not was_open else ""
            else:
                self._breaker = self._breaker.succeeded()
                reported = "back" if was_open else ""
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[person.id] = now, answer
                end = now + self._settings.fresh
        if reported:
            self._listener(reported, why)
        self._deliver(person.id, judge(answer, self._settings), max(end, now + HELD))
