"""How long a box has been without its hub, whatever its wall clock does. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

DEFAULT = 7 * 86_400.0  # seconds
KEPT = "hub.lease"  # where it is kept while the box is off


@dataclass(frozen=True, slots=True)
class Lease:
    """While the box runs, seconds are counted by the monotonic clock, so that a wall clock that
    jumps neither ends a lease nor prolongs one; the time it was switched off is read from the wall
    clock, and counts as none when that went backwards.

    Attributes:
        away: seconds since the last contact.
        limit: seconds after which faces are forgotten.
        at: wall clock of when ``away`` was counted.
    """

    away: float
    limit: float
    at: datetime

    @classmethod
    def begun(cls, at: datetime, limit: float = DEFAULT) -> Lease:
        return cls(0.0, limit, at)

    @classmethod
    def kept(cls, value: dict[str, Any] | None, at: datetime) -> Lease:
        """As the box left it when it was switched off."""
        if not value:
            return cls.begun(at)
        since = datetime.fromisoformat(value["at"])
        off = max(0.0, (at - since).total_seconds())
        return cls(float(value["away"]) + off, float(value["limit"]), at)

    def value(self) -> dict[str, Any]:
        return {"away": self.away, "limit": self.limit, "at": self.at.isoformat()}

    def later(self, seconds: float, at: datetime) -> Lease:
        """Without contact for ``seconds`` more, by the monotonic clock."""
        return replace(self, away=self.away + seconds, at=at)

    @property
    def over(self) -> bool:
        return self.away > self.limit
