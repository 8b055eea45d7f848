"""Weekly schedules: written as text, asked with a local time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gate.errors import AccessError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
_SPAN = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes from midnight of the day it begins; ``end`` past 1440 reaches into the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is allowed.

    Attributes:
        windows: by day, "mon" to "sun" and "holiday"; a day that is missing is closed.
    """

    windows: Mapping[str, tuple[Window, ...]]


def parse(text: str) -> Schedule:
    """Read ``"mon-fri 07:00-19:00; sat,sun 08:00-12:00 14:00-16:00; holiday closed"``.

    Windows may pass midnight (``22:00-06:00``). A day not named is closed; a holiday not named
    is like its weekday. ``always`` means at any time.

    Raises:
        AccessError: naming the part that cannot be read.
    """
    if text.strip() == "always":
        return parse("mon-sun 00:00-24:00")
    windows: dict[str, tuple[Window, ...]] = {}
    for part in filter(None, (p.strip().lower() for p in text.split(";"))):
        names, *spans = part.split()
        times = () if spans == ["closed"] else tuple(_window(s, text) for s in spans)
        if not spans:
            raise _wrong(part, text)
        for day in _days(names, text):
            windows[day] = windows.get(day, ()) + times
    if not windows:
        raise _wrong(text, text)
    return Schedule(windows)


def day_kind(day: date, days: Mapping[date, str]) -> str:
    """``holiday`` or a weekday's name: what ``day`` counts as.

    ``days`` lists the exceptions of the calendar: a date → "holiday", or the weekday that a
    make-up working day counts as ("mon").
    """
    return days.get(day, DAYS[day.weekday()])


def is_open(schedule: Schedule, when: datetime, days: Mapping[date, str]) -> bool:
    """Whether ``schedule`` allows the local time ``when``."""
    minute = when.hour * 60 + when.minute
    today, yesterday = when.date(), when.date() - timedelta(days=1)
    if any(w.start <= minute < w.end for w in _of(schedule, today, days)):
        return True
    late = minute + _MINUTES_A_DAY
    return any(late < w.end for w in _of(schedule, yesterday, days))


def _of(schedule: Schedule, day: date, days: Mapping[date, str]) -> tuple[Window, ...]:
    kind = day_kind(day, days)
    if kind == HOLIDAY and HOLIDAY not in schedule.windows:
        kind = DAYS[day.weekday()]
    return schedule.windows.get(kind, ())


def _days(names: str, text: str) -> Iterator[str]:
    for name in names.split(","):
        first, dash, last = name.partition("-")
        if name == HOLIDAY:
            yield HOLIDAY
        elif first in DAYS and not dash:
            yield first
        elif first in DAYS and last in DAYS and DAYS.index(first) <= DAYS.index(last):
            yield from DAYS[DAYS.index(first) : DAYS.index(last) + 1]
        else:
            raise _wrong(name, text)


def _window(span: str, text: str) -> Window:
    found = _SPAN.match(span)
    if not found:
        raise _wrong(span, text)
    h1, m1, h2, m2 = map(int, found.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or start >= _MINUTES_A_DAY or end > _MINUTES_A_DAY or start == end:
        raise _wrong(span, text)
    return Window(start, end if end > start else end + _MINUTES_A_DAY)


def _wrong(part: str, text: str) -> AccessError:
    return AccessError(
        f'"{part}" is not valid in a schedule',
        where=text,
        hint='write it like "mon-fri 07:00-19:00; sat 08:00-12:00; holiday closed"',
    )
