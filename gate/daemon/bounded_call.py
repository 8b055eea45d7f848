"""Calls with a time limit: a database that hangs must not hang who asks it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from typing import Any, TypeVar

from gate.errors import StoreError

T = TypeVar("T")


class BoundedCall:
    """Runs calls in a thread of its own; for one caller.

    A call that is overdue cannot be stopped: a thread waiting for a frozen disk or server is out
    of reach. Until it comes back further calls fail at once, and its result is discarded.
    """

    def __init__(self, limit: float, name: str) -> None:
        """``limit``: seconds."""
        self._limit = limit
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]
        self._queue = queue.SimpleQueue()
        self._busy = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __call__(self, work: Callable[[], T]) -> T:
        """The result of ``work``, or what it raises; StoreError when it takes too long."""
        if self._busy.is_set():
            raise self._late()
        done: Future[T] = Future()
        self._busy.set()
        self._queue.put((work, done))
        try:
            return done.result(self._limit)
        except TimeoutError:
            raise self._late() from None

    def close(self) -> None:
        """End the thread once the call in progress is back; does not wait for it."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            work, done = item
            try:
                result = work()
            except BaseException as error:
                self._busy.clear()
                done.set_exception(error)
            else:
                self._busy.clear()
                done.set_result(result)

    def _late(self) -> StoreError:
        return StoreError(
            f"the database did not answer within {self._limit:g} s",
            hint="check disk and load; the gate asks again by itself",
        )
