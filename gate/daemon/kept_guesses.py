"""Wrong PINs outlast a restart: whoever takes the power away does not get new tries by it.

Written with each wrong PIN and only then, before its answer is shown. Times are kept by the wall
clock; where that is behind what was kept, as after a power cut without a battery, they count as
just now.
"""

from __future__ import annotations

import logging
from typing import Any

from gate.access.guessing import Series
from gate.access.pin import Guesses
from gate.access.settings import PinSettings
from gate.clock import Clock
from gate.errors import StoreError
from gate.store.key_value import KeyValueStore

log = logging.getLogger(__name__)


class KeptGuesses:
    """Of one gate; belongs to the thread that looks up."""

    def __init__(self, facts: KeyValueStore, gate: str, clock: Clock) -> None:
        self._facts, self._key, self._clock = facts, f"pin.guesses:{gate}", clock

    def read(self, settings: PinSettings) -> tuple[dict[str, Guesses], Series]:
        """What is kept of each keypad, and of all together. Raises StoreError."""
        kept = self._facts.get(self._key) or {}
        pads = {
            str(pad): Guesses(self._past(one["wrong"]), self._end(one["locked"], settings.lock))
            for pad, one in kept.get("pads", {}).items()
        }
        wrong = self._past(kept.get("wrong", ()))
        return pads, Series(wrong, len(wrong), wrong[0] if wrong else 0.0)

    def keep(self, pads: dict[str, Guesses], series: Series) -> None:
        """On the disk when this returns. What cannot be written is logged, and counts on in
        memory."""
        value = {
            "pads": {
                pad: {"wrong": self._utc(*one.wrong), "locked": self._until(one.locked_until)}
                for pad, one in pads.items()
            },
            "wrong": self._utc(*series.wrong),
        }
        try:
            self._facts.set(self._key, value)
        except StoreError as error:
            log.warning("pin.not_kept", extra={"cause": error.what})

    def _utc(self, *monotonic: float) -> list[float]:
        """Seconds since 1970."""
        ahead = self._clock.utc().timestamp() - self._clock.monotonic()
        return [round(at + ahead, 3) for at in monotonic]

    def _until(self, monotonic: float) -> float | None:
        return self._utc(monotonic)[0] if monotonic > self._clock.monotonic() else None

    def _past(self, utc: Any) -> tuple[float, ...]:
        now, wall = self._clock.monotonic(), self._clock.utc().timestamp()
        return tuple(now - max(0.0, wall - at) for at in utc)

    def _end(self, utc: float | None, longest: float) -> float:
        """A lock never lasts longer than one that begins now."""
        if utc is None:
            return float("-inf")
        return self._clock.monotonic() + min(longest, utc - self._clock.utc().timestamp())
