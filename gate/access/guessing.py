"""Guessing of cards, PINs and permits is slowed down and reported. Pure.

Card numbers of cheap readers have 24 bits: who may try forty a second finds one that opens within
a minute. After ``attempts`` wrong ones in ``window`` seconds the source is looked at only every
two seconds, after twice as many every four, and so on up to ``SLOWEST``. A right one in between
changes nothing: who knows one card may not use it to try others.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.access.settings import GuessingSettings

_FIRST = 2.0  # seconds between two look-ups once a source is slowed down
SLOWEST = 30.0  # the longest pause between two look-ups


@dataclass(frozen=True, slots=True)
class Series:
    """Wrong credentials from one source: a reader, or all keypads of a gate together.

    Attributes:
        wrong: monotonic seconds of those in the window.
        count: wrong ones since the series began.
        began: monotonic seconds of the first.
        unchecked: claims that were not looked up because the source was slowed down.
    """

    wrong: tuple[float, ...] = ()
    count: int = 0
    began: float = 0.0
    unchecked: int = 0

    def slowed(self, settings: GuessingSettings) -> bool:
        return len(self.wrong) >= settings.attempts

    def wait(self, now: float, settings: GuessingSettings) -> float:
        """Seconds until the next claim of this source is looked up; 0: at once."""
        if not self.slowed(settings):
            return 0.0
        doublings = min(16, len(self.wrong) // settings.attempts - 1)
        pause = min(SLOWEST, _FIRST * 2.0**doublings)
        return max(0.0, self.wrong[-1] + pause - now)

    def after_wrong(self, now: float, settings: GuessingSettings) -> tuple[Series, bool]:
        """With one more wrong credential, and whether it is the one that raises the alarm."""
        wrong = (*(at for at in self.wrong if now - at < settings.window), now)
        began = self.began if self.wrong else now
        after = Series(wrong, self.count + 1, began, self.unchecked)
        return after, after.slowed(settings) and not self.slowed(settings)

    def after_unchecked(self) -> Series:
        """With one more claim that was not looked up."""
        return Series(self.wrong, self.count, self.began, self.unchecked + 1)

    def over(self, now: float, settings: GuessingSettings) -> bool:
        """Whether nothing wrong was shown for a whole window."""
        return bool(self.wrong) and now - self.wrong[-1] >= settings.window
