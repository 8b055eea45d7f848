"""The cases of ``benchmarks.clocks``: how a clock is wrong, and what a gate is to do then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

NOW = datetime(2027, 7, 1, 10, tzinfo=UTC)
LEAD = 75.0  # seconds before a change of daylight saving at which the gate starts
HOLD = 6.0  # seconds staff hold the door open
NO_END, VALID, OVER = "no end", "valid a year", "over"
REGULAR, UNCERTAIN = frozenset({NO_END, VALID}), frozenset({NO_END})
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One clock, and what is right under it.

    Attributes:
        start: the wall clock when the gate starts.
        then: what the wall clock jumps to; None: it runs on over the change of ``zone``.
        first, later: who is let in before and after.
        deleted: people deleted by the desk at the end.
        reported: events of the clock, in order.
        ready: what ``/readyz`` answers before and after.
        hours: schedules of members of staff.
        lead: seconds from the start to the change of daylight saving.
    """

    name: str
    start: datetime
    then: datetime | None
    first: frozenset[str] = REGULAR
    later: frozenset[str] = REGULAR
    deleted: int = 1
    reported: tuple[str, ...] = ()
    ready: tuple[bool, bool] = (True, True)
    zone: str = "Asia/Shanghai"
    hours: tuple[str, ...] = ()
    lead: float = LEAD

    @property
    def truth(self) -> datetime:
        """The right time when the gate starts."""
        return NOW if self.then else self.start

    @property
    def hold_from(self) -> datetime:
        """When staff hold the door open, so that the change comes meanwhile."""
        return self.start + timedelta(seconds=self.lead - HOLD / 2)

    def earlier(self, seconds: float) -> Case:
        """The same with so much more time before the change."""
        start = self.start - timedelta(seconds=seconds)
        return replace(self, start=start, lead=self.lead + seconds)


def wrong_start(name: str, start: datetime) -> Case:
    """A clock that is wrong at the start and set a little later."""
    events = ("clock.implausible", "clock.jumped", "clock.plausible")
    return Case(name, start, NOW, UNCERTAIN, reported=events, ready=(False, True))


def wrong_later(name: str, then: datetime) -> Case:
    """A clock that is right at the start and then is not."""
    events = ("clock.jumped", "clock.implausible")
    return Case(name, NOW, then, later=UNCERTAIN, deleted=0, reported=events, ready=(True, False))


def change(zone: str, at: datetime, before: str, after: str, later: str) -> Case:
    """The clock passes the change of daylight saving at the instant ``at``.

    ``before``, ``after``: hours of two members of staff; ``later``: the hours that count then.
    """
    start, staff = at - timedelta(seconds=LEAD), (before, after)
    first, then = REGULAR | {before}, REGULAR | {later}
    return Case(f"{zone} {at:%Y-%m-%d}", start, None, first, then, zone=zone, hours=staff)


LONG_AGO, FAR_AHEAD = datetime(1970, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
JUMPED = ("clock.jumped",)
MORNING, NIGHT, EARLY = "01:00-02:00", "02:00-03:00", "03:00-04:00"
CASES = (
    wrong_start("1970 at the start, then set", LONG_AGO),
    wrong_later("right, then 1970", LONG_AGO),
    wrong_start("2037 at the start, then set", FAR_AHEAD),
    wrong_later("right, then 2037", FAR_AHEAD),
    Case("one hour ahead", NOW, NOW + HOUR, reported=JUMPED),
    Case("one hour back", NOW, NOW - HOUR, reported=JUMPED),
    Case("a year ahead", NOW, NOW + 8784 * HOUR, later=UNCERTAIN, deleted=0, reported=JUMPED),
    # 02:00 becomes 03:00; 03:00 becomes 02:00, and the hour that was comes again
    change("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC), MORNING, EARLY, EARLY),
    change("Europe/Berlin", datetime(2027, 10, 31, 1, tzinfo=UTC), NIGHT, EARLY, NIGHT),
    change("Australia/Sydney", datetime(2027, 10, 2, 16, tzinfo=UTC), MORNING, EARLY, EARLY),
    change("Australia/Sydney", datetime(2027, 4, 3, 16, tzinfo=UTC), NIGHT, EARLY, NIGHT),
)
