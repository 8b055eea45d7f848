"""Watches the wall clock: jumps, synchronisation, and times that cannot be right.

A box without a battery starts in 1970, one with a broken battery anywhere. What depends on a date
must not be decided by such a clock; see "Clock" in docs/access.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.clock import RELEASED, Clock
from gate.daemon.clock_sync import synchronised as is_synchronised

HORIZON = timedelta(days=3653)  # from the release: a gate does not run the same one for ten years
BEHIND = timedelta(hours=1)  # by which the clock may be behind the newest event
JUMP = 2.0  # seconds the wall clock may drift from the monotonic one within ``EVERY``
EVERY = 1.0  # seconds between two looks
PATIENCE = 300.0  # seconds from the start in which the clock may still be unsynchronised


def implausible(now: datetime, newest: datetime | None = None) -> str:
    """Why ``now`` cannot be right, as a code; "" when it can.

    ``newest``: time of the newest event on record. Both aware.
    """
    if now < RELEASED:
        return "before_release"
    if now > RELEASED + HORIZON:
        return "far_future"
    known = newest is not None and not implausible(newest)
    if known and newest is not None and now < newest - BEHIND:
        return "behind_events"
    return ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be recorded as an event."""

    type: str
    details: dict[str, object] = field(default_factory=dict)


class ClockWatch:
    """``look`` belongs to the main loop; ``fault`` may be read by any thread.

    Args:
        newest: time of the newest event on record at the start. A synchronised clock is believed
            even when it is behind: then the events were written by a clock that was ahead.
    """

    def __init__(
        self,
        clock: Clock,
        newest: datetime | None = None,
        synchronised: Callable[[], bool | None] = is_synchronised,
    ) -> None:
        self._clock = clock
        self._newest = newest
        self._ask = synchronised
        self._began = self._at = clock.monotonic()
        self._utc = clock.utc()
        self._unsynchronised = False
        self.fault = self._judged(self._utc, synchronised())
        self._reported = ""

    def look(self) -> list[Notice]:
        """What changed since the last look; [] while less than ``EVERY`` seconds have passed."""
        at = self._clock.monotonic()
        if at - self._at < EVERY and at != self._began:
            return []
        utc = self._clock.utc()
        jumped = (utc - self._utc).total_seconds() - (at - self._at)
        self._at, self._utc = at, utc
        notices = []
        if abs(jumped) > JUMP:
            notices.append(Notice("clock.jumped", {"seconds": round(jumped, 1)}))
        synchronised = self._ask()
        lost = synchronised is False and at - self._began >= PATIENCE
        if lost != self._unsynchronised and (lost or synchronised):
            self._unsynchronised = lost
            notices.append(Notice("clock.unsynchronised" if lost else "clock.synchronised"))
        self.fault = self._judged(utc, synchronised)
        if self.fault != self._reported:
            reason = self.fault or self._reported
            type = "clock.implausible" if self.fault else "clock.plausible"
            self._reported = self.fault
            notices.append(Notice(type, {"reason": reason, "clock": utc.isoformat()}))
        return notices

    def _judged(self, utc: datetime, synchronised: bool | None) -> str:
        return implausible(utc, None if synchronised else self._newest)
