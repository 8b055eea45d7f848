"""An input that changes more often than people can make it: a loose wire, or somebody at it. Pure.

Each change of the contact is an event, and each opening of a locked door an alarm: a loose contact
would write hundreds of thousands of them a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST = 60  # changes within ``WITHIN`` seconds: three openings a second, where a rush has one
WITHIN = 10.0
CALM = 2.0  # seconds for which such an input has to stand still before it counts


@dataclass(frozen=True, slots=True)
class Unsteady:
    """What is remembered of one input; monotonic seconds.

    Attributes:
        counted: when its newest changes counted, at most ``MOST``.
        moved: when its wire moved last, whether that counted or not.
        now: whether it is unsteady.
    """

    counted: tuple[float, ...] = ()
    moved: float = float("-inf")
    now: bool = False

    def moves(self, now: float) -> Unsteady:
        """The wire has moved; one that stood still for ``WITHIN`` seconds is steady again."""
        return replace(self, moved=now, now=self.now and now - self.moved < WITHIN)

    def counts(self, now: float) -> tuple[Unsteady, bool]:
        """A change counts; whether it is the one by which the input becomes unsteady."""
        counted = (*self.counted, now)[-MOST:]
        often = len(counted) == MOST and now - counted[0] < WITHIN
        return replace(self, counted=counted, now=self.now or often), often and not self.now
