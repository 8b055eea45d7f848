"""Guessing PINs is slowed down, then stopped. Pure; one value for each keypad."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.access.settings import PinSettings


@dataclass(frozen=True, slots=True)
class Guesses:
    """Wrong PINs at one keypad; monotonic seconds. A right one in between changes nothing:
    who knows one PIN may not use it to guess others."""

    wrong: tuple[float, ...] = ()
    locked_until: float = float("-inf")

    def locked(self, now: float) -> bool:
        return now < self.locked_until

    def after_wrong(self, now: float, settings: PinSettings) -> Guesses:
        """With one more wrong PIN; enough of them lock the keypad."""
        wrong = (*(at for at in self.wrong if now - at < settings.window), now)
        if len(wrong) >= settings.attempts:
            return Guesses((), now + settings.lock)
        return replace(self, wrong=wrong)
