"""A circuit breaker, pure: a failing service is not called for a while, then tried once."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed: everybody asks. Open: nobody. After the rest one call is let through.

    Attributes:
        failures: in a row.
        open_until: monotonic seconds; None when closed.
        trying: a single call is in progress to see whether the service is back.
    """

    failures: int = 0
    open_until: float | None = None
    trying: bool = False

    def may_ask(self, now: float) -> tuple[bool, Breaker]:
        """Whether a call may go out now, and the breaker after that."""
        if self.open_until is None:
            return True, self
        if self.trying or now < self.open_until:
            return False, self
        return True, replace(self, trying=True)

    def succeeded(self) -> Breaker:
        return Breaker()

    def failed(self, now: float, most: int, rest: float) -> Breaker:
        """``most`` failures in a row open it for ``rest`` seconds."""
        failures = self.failures + 1
        if self.trying or failures >= most:
            return Breaker(failures, now + rest)
        return replace(self, failures=failures)
