"""Checks of uploaded tables, made beside the pages that show them.

A check of thousands of photographs takes seconds; a page does not wait for it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillBusyError

from gate.importing.plan import Plan
from gate.importing.wrong import Wrong

KEPT = 4  # checks; the oldest is made again when it is looked at


class Checks:
    """One plan for each import, each made in a thread of its own when it is first asked for."""

    def __init__(self, make: Callable[[int, int], Plan]) -> None:
        """``make(job, guardian_age)`` may take its time and raise GateError."""
        self._make = make
        self._lock = threading.Lock()
        self._known: dict[int, Future[Plan]] = {}

    def look(
        self, job: int, guardian_age: int, *, seconds: float | None = None, again: bool = False
    ) -> Plan | None:
        """The plan, made now if it was not made before; None while it is still being made.

        Args:
            seconds: to wait for it at most; None: until it is there.
            again: make it now, whatever is known.

        Raises:
            GateError: as ``make`` does; the next look tries once more.
        """
        future = self._begun(job, guardian_age, again)
        try:
            return future.result(seconds)
        except StillBusyError:
            if future.done():  # the check itself failed so
                raise
            return None
        finally:
            if future.done() and future.exception() is not None:
                self._forget(job, future)

    def ready(self, job: int) -> bool:
        """Whether a look would answer at once, or nothing is being made."""
        with self._lock:
            future = self._known.get(job)
        return future is None or future.done()

    def drop(self, job: int) -> None:
        """Forget a plan, and what is being made of it."""
        with self._lock:
            self._known.pop(job, None)

    def _begun(self, job: int, guardian_age: int, again: bool) -> Future[Plan]:
        with self._lock:
            known = self._known.pop(job, None)
            if known is not None and not again:
                self._known[job] = known  # the last one looked at is kept longest
                return known
            future: Future[Plan] = Future()
            self._known[job] = future
            while len(self._known) > KEPT:
                self._known.pop(next(iter(self._known)))
        threading.Thread(
            target=self._fill, args=(future, job, guardian_age), name=f"check-{job}", daemon=True
        ).start()
        return future

    def _fill(self, future: Future[Plan], job: int, guardian_age: int) -> None:
        try:
            future.set_result(self._make(job, guardian_age))
        except Exception as error:  # raised again where it is looked at
            future.set_exception(error)

    def _forget(self, job: int, future: Future[Plan]) -> None:
        with self._lock:
            if self._known.get(job) is future:
                del self._known[job]


def kinds(wrong: Iterable[Wrong]) -> list[tuple[Wrong, int]]:
    """Kinds of mistakes, an example without its line and particulars, and how many of each.

    In the order of the first of each: the kinds of a table keep their places.
    """
    counted = Counter(map(_kind, wrong))
    return [
        (Wrong(0, column, text, "…" if which else ""), count)
        for (column, text, which), count in counted.items()
    ]


def of_kind(wrong: Iterable[Wrong], kind: Wrong) -> list[Wrong]:
    """The mistakes of one kind of ``kinds``."""
    return [one for one in wrong if _kind(one) == _kind(kind)]


def _kind(one: Wrong) -> tuple[str, str, bool]:
    return one.column, one.text, bool(one.which)
