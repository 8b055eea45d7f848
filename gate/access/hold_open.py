"""When the door is held open by schedule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from gate.access.schedule import Schedule, is_open

_LONGEST = 8 * 24 * 60  # minutes looked ahead


def open_until(schedule: Schedule, when: datetime, days: Mapping[date, str]) -> datetime | None:
    """The end of the window in which ``when`` (local, aware) lies; None outside every window."""
    if not is_open(schedule, when, days):
        return None
    # counted in UTC: on the day daylight saving begins or ends, local hours are missing or double
    minute = when.astimezone(UTC).replace(second=0, microsecond=0)
    for ahead in range(1, _LONGEST + 1):
        end = (minute + timedelta(minutes=ahead)).astimezone(when.tzinfo)
        if not is_open(schedule, end, days):
            return end
    return (minute + timedelta(minutes=_LONGEST)).astimezone(when.tzinfo)
