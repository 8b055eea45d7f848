"""A card that lies on the reader is shown once. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repeats:
    """What was seen last and when (monotonic seconds)."""

    value: str = ""
    seen: float = float("-inf")

    def see(self, value: str, now: float, gap: float) -> tuple[Repeats, bool]:
        """Whether ``value`` is newly shown: another one, or away for ``gap`` seconds."""
        fresh = value != self.value or now - self.seen >= gap
        return Repeats(value, now), fresh
