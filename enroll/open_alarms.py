"""Alarms nobody acknowledged, read with what ended them; the rules are in ``alarm_groups``."""

from __future__ import annotations

from datetime import datetime, timedelta

from enroll import alarm_groups, history
from gate.store.engine import Database

SPAN = timedelta(days=30)  # older alarms are among the events only


def by_cause(database: Database, now: datetime) -> list[alarm_groups.Group]:
    """Those of the last ``SPAN``, also the ones that ended by themselves. Raises StoreError."""
    rows = history.open_alarms(database, history.ALARMS, now - SPAN, limit=2000)
    if not rows:
        return []
    oldest = min(row.time for row in rows)
    ends = tuple(set(alarm_groups.RECOVERIES.values()) - {"door.closed"})
    recovered = history.recoveries(database, ends, oldest)
    # a door closes after every passage: only the newest of each gate is asked for
    held = {row.gate for row in rows if row.type == "door.held"}
    for closed in history.newest(database, sorted(held), ("door.closed",)).values():
        recovered += closed.values()
    return alarm_groups.grouped(rows, recovered)
