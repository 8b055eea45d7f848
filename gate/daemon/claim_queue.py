"""Claims waiting for the look-up: bounded for each reader, newest first, readers in turn."""

from __future__ import annotations

import threading
from collections import Counter, deque

from gate.readers.claim import Claim

DEPTH = 3  # claims kept for each reader: who shows a card looks at the answer to the newest


class ClaimQueue:
    """``put`` and ``wake`` may be called by any thread; ``get`` and ``dropped`` belong to one.

    A reader that floods the gate displaces only its own older claims.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Claim]] = {}  # by reader, in the order of their turns
        self._dropped: Counter[str] = Counter()
        self._woken = False

    def put(self, claim: Claim) -> None:
        with self._changed:
            waiting = self._waiting.setdefault(claim.reader, deque())
            waiting.append(claim)
            if len(waiting) > DEPTH:
                waiting.popleft()
                self._dropped[claim.reader] += 1
            self._changed.notify()

    def wake(self) -> None:
        """Have ``get`` return at once."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def get(self, timeout: float) -> Claim | None:
        """The newest claim of the reader whose turn it is; None after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._woken, timeout)
            self._woken = False
            if not self._waiting:
                return None
            reader = next(iter(self._waiting))
            waiting = self._waiting.pop(reader)
            claim = waiting.pop()
            if waiting:  # behind the other readers
                self._waiting[reader] = waiting
            return claim

    def dropped(self) -> dict[str, int]:
        """How many claims each reader lost since the last call."""
        with self._changed:
            lost = dict(self._dropped)
            self._dropped.clear()
            return lost
