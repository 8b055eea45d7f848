"""How often one address may ask: a sliding minute, in memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

SECONDS = 60.0  # of the window


class RateLimit:
    """``allowed(key)`` is True at most ``count`` times in any minute for one key."""

    # keys kept at most; an attacker with many addresses must not fill the memory
    KEYS = 10_000

    def __init__(self, count: int, now: Callable[[], float]) -> None:
        self._count = count
        self._now = now
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allowed(self, key: str) -> bool:
        now = self._now()
        with self._lock:
            times = self._times.setdefault(key, deque())
            while times and times[0] <= now - SECONDS:
                times.popleft()
            if len(times) >= self._count:
                return False
            times.append(now)
            if len(self._times) > self.KEYS:
                self._forget(now)
            return True

    def _forget(self, now: float) -> None:
        for key in [k for k, t in self._times.items() if not t or t[-1] <= now - SECONDS]:
            del self._times[key]
        while len(self._times) > self.KEYS:
            self._times.pop(next(iter(self._times)))
