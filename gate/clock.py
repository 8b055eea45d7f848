"""Time, injected: monotonic for everything that is compared, UTC for everything that is shown."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

# every version with this line was released later: a clock that is before it has not been set
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)


class Clock(Protocol):
    """Source of time for the daemon and the drivers."""

    def monotonic(self) -> float:
        """Seconds that never decrease; the zero has no meaning."""
        ...

    def utc(self) -> datetime:
        """The wall clock, aware, in UTC. It may jump; compare nothing with it."""
        ...


def local(clock: Clock, zone: tzinfo | None) -> datetime:
    """The wall clock in ``zone``, aware; None: the zone of the machine."""
    return clock.utc().astimezone(zone or system_zone())


def use_zone(name: str) -> None:
    """Make the zone of that name the one of this process: everything shown and read is in it.

    Where the machine has no table of zones, the present offset is used and daylight saving is not
    followed. "" leaves the machine's zone.
    """
    if not name:
        return
    now = datetime.now(UTC)
    wanted = now.astimezone(ZoneInfo(name)).utcoffset()
    os.environ["TZ"] = name
    time.tzset()
    if now.astimezone().utcoffset() != wanted and wanted is not None:
        seconds = -int(wanted.total_seconds())  # POSIX counts westwards
        sign, rest = ("-" if seconds < 0 else "+"), abs(seconds)
        os.environ["TZ"] = f"<ZONE>{sign}{rest // 3600}:{rest % 3600 // 60:02}"
        time.tzset()


@cache
def system_zone() -> tzinfo:
    """The zone of the machine with its daylight saving; UTC when it has none."""
    try:
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC


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
    start: datetime = field(default=datetime(2026, 11, 5, tzinfo=UTC))

    def monotonic(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (never backward)."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not run backwards")
        self.now += seconds
