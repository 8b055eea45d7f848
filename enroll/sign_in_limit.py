"""Guessing passwords is slowed down for whoever guesses, not for the account's owner.

Each pair of address and login may be tried ``free`` times; from then on every wrong try doubles
the wait, up to ``longest``. No account is locked as a whole: a stranger cannot keep its owner
out. Against many addresses at once a login has ``SHARED`` wrong tries a window, on which
an address that signed in to it before does not draw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

SHARED = 100
_KEYS = 10_000  # pairs kept at most: many addresses must not fill the memory


@dataclass(slots=True)
class _Tries:
    count: int = 0
    last: float = 0.0
    trusted: bool = False


class SignInLimit:
    """Thread-safe. A try is counted before its password is checked, so tries at once count too."""

    def __init__(self, free: int, longest: float, now: Callable[[], float]) -> None:
        """``longest``: seconds of the longest wait, and the window of ``SHARED``."""
        self._free = free
        self._longest = longest
        self._now = now
        self._pairs: dict[tuple[str, str], _Tries] = {}
        self._logins: dict[str, _Tries] = {}
        self._lock = threading.Lock()

    def wait(self, address: str, login: str) -> float:
        """Seconds until the next try is looked at; 0: now, and the try is counted."""
        now = self._now()
        with self._lock:
            pair = self._pairs.setdefault((address, login), _Tries(last=now))
            whole = self._logins.setdefault(login, _Tries(last=now))
            self._forget()
            if now - whole.last > self._longest:
                whole.count, whole.last = 0, now
            if not pair.trusted and whole.count >= SHARED:
                return whole.last + self._longest - now
            if pair.count >= self._free:
                doubled = min(2.0 ** min(pair.count - self._free, 30), self._longest)
                left = pair.last + doubled - now
                if left > 0:
                    return left
            pair.count, pair.last = pair.count + 1, now
            whole.count += not pair.trusted
            return 0.0

    def right(self, address: str, login: str) -> None:
        """The password was right: the address is known to belong to the account."""
        with self._lock:
            self._pairs[address, login] = _Tries(last=self._now(), trusted=True)
            whole = self._logins.get(login)
            if whole is not None and whole.count:
                whole.count -= 1

    def _forget(self) -> None:
        """The oldest; those of owners last, or a flood of addresses would shut them out."""
        while len(self._pairs) > _KEYS:
            strange = (key for key, pair in self._pairs.items() if not pair.trusted)
            self._pairs.pop(next(strange, None) or next(iter(self._pairs)))
        while len(self._logins) > _KEYS:
            self._logins.pop(next(iter(self._logins)))
