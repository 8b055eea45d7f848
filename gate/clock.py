"""Time, injected: monotonic for everything that is compared, UTC for everything that is shown."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Source of time for the daemon and the drivers."""

    def monotonic(self) -> float:
        """Seconds that never decrease; the zero has no meaning."""
        ...

    def utc(self) -> datetime:
        """The wall clock, aware, in UTC. It may jump; compare nothing with it."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that is advanced by hand: for tests and for replay at full speed."""

    now: float = 0.0
    start: datetime = field(default=datetime(2026, 1, 1, tzinfo=UTC))

    def monotonic(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (never backward)."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not run backwards")
        self.now += seconds
