"""A weekly schedule as a grid of half hours that can be painted, and back to its text. Pure.

A grid has eight rows of 48 half hours: Monday to Sunday, and what holds on a holiday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.access.schedule import DAYS, HOLIDAY, Schedule, Window, parse
from gate.errors import AccessError

SLOTS = 48
MINUTES = 30  # of one slot
ROWS = (*DAYS, HOLIDAY)

# the slots of each row that are open; a holiday that is not named counts as its weekday
Grid = Mapping[str, frozenset[int]]


def grid_of(text: str) -> tuple[Grid, bool]:
    """The grid of a schedule's text, and whether it says exactly the same.

    It does not where a window begins or ends within a half hour (the whole half hour is shown
    then), or passes midnight before a holiday. Raises AccessError.
    """
    schedule = parse(text)
    exact = True
    rows: dict[str, set[int]] = {day: set() for day in DAYS}
    if HOLIDAY in schedule.windows:
        rows[HOLIDAY] = set()
    for day, windows in schedule.windows.items():
        for window in windows:
            exact = exact and window.start % MINUTES == window.end % MINUTES == 0
            if window.end > SLOTS * MINUTES:
                # on a holiday the hours after midnight of the day before would be the holiday's
                exact = exact and HOLIDAY not in rows
                after = HOLIDAY if day == HOLIDAY else DAYS[(DAYS.index(day) + 1) % len(DAYS)]
                rows[after] |= set(_slots(0, window.end - SLOTS * MINUTES))
            rows[day] |= set(_slots(window.start, min(window.end, SLOTS * MINUTES)))
    return {day: frozenset(slots) for day, slots in rows.items()}, exact


def text_of(grid: Grid) -> str:
    """The text of a grid: neighbouring days with the same hours together.

    A grid without any open hour is written as ``mon-sun closed``.
    """
    parts = []
    first = 0
    while first < len(DAYS):
        last = first
        slots = grid.get(DAYS[first], frozenset())
        while last + 1 < len(DAYS) and grid.get(DAYS[last + 1], frozenset()) == slots:
            last += 1
        if slots:
            name = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
            parts.append(f"{name} {_hours(slots)}")
        first = last + 1
    if HOLIDAY in grid:
        parts.append(f"{HOLIDAY} {_hours(grid[HOLIDAY]) or 'closed'}")
    if not any(grid.get(day) for day in DAYS):
        parts.insert(0, "mon-sun closed")
    return "; ".join(parts)


def from_bits(bits: str) -> Grid:
    """What a form sent: eight rows of 48 digits with dots between, an absent row empty.

    Raises AccessError when it is no grid.
    """
    rows = bits.split(".")
    whole = len(rows) == len(ROWS) and all(len(row) == SLOTS for row in rows[:-1])
    if not whole or len(rows[-1]) not in (0, SLOTS) or not set(bits) <= set("01."):
        raise AccessError("this is not a weekly grid", where=bits[:40], hint="load the page again")
    return {
        name: frozenset(slot for slot in range(SLOTS) if row[slot] == "1")
        for name, row in zip(ROWS, rows, strict=True)
        if row
    }


def spans(slots: frozenset[int]) -> Iterator[tuple[int, int]]:
    """Minutes from midnight of each stretch of neighbouring slots."""
    start = None
    for slot in range(SLOTS + 1):
        if slot in slots and start is None:
            start = slot
        elif slot not in slots and start is not None:
            yield start * MINUTES, slot * MINUTES
            start = None


def clock_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def days_alike(schedule: Schedule) -> list[tuple[tuple[str, ...], tuple[Window, ...]]]:
    """Days of the week with the same windows together, neighbours only, then the holiday."""
    found: list[tuple[tuple[str, ...], tuple[Window, ...]]] = []
    for day in DAYS:
        windows = tuple(sorted(schedule.windows.get(day, ()), key=lambda one: one.start))
        if found and found[-1][1] == windows:
            found[-1] = ((*found[-1][0], day), windows)
        else:
            found.append(((day,), windows))
    if HOLIDAY in schedule.windows:
        found.append(((HOLIDAY,), schedule.windows[HOLIDAY]))
    return found


def _hours(slots: frozenset[int]) -> str:
    return " ".join(f"{clock_of(start)}-{clock_of(end)}" for start, end in spans(slots))


def _slots(start: int, end: int) -> range:
    return range(start // MINUTES, -(-end // MINUTES))
