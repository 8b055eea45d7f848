"""Which refused sign-ins are written into the audit: no line of it is ever deleted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from enroll.rate_limit import RateLimit
from gate.store.audit import Audit

MOST = 10  # lines about one account in a minute, or about logins nobody has


class RefusedSignIns:
    """Thread-safe. What is left out in a flood is counted in the next line."""

    def __init__(self, audit: Audit, now: Callable[[], float]) -> None:
        """``now``: monotonic seconds."""
        self._audit = audit
        self._limit = RateLimit(MOST, now)
        self._left_out: Counter[str] = Counter()  # by account
        self._lock = threading.Lock()

    def note(self, account: str) -> None:
        """``account``: the login, if there is such an account, or "unknown". Raises StoreError."""
        if not self._limit.allowed(account):
            with self._lock:
                self._left_out[account] += 1
            return
        with self._lock:
            left_out = self._left_out.pop(account, 0)
        details: dict[str, Any] = {"left_out": left_out} if left_out else {}
        self._audit.note(account, "sign_in.refused", **details)
