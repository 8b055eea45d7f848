"""When retention must wait for a manager: a clock that cannot be trusted, or too much at once.

A clock that is years ahead makes everything due. So nothing is deleted automatically by a clock
that is not synchronised, before the release of this software, or far from what is on record; and
a mass deletion waits, whatever the clock says. A manager who starts it by hand confirms both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from gate.daemon.clock_watch import implausible
from gate.store.store import Store
from gate.store.tables import EventRow

CLOCK = "desk.clock"  # when the desk last trusted its clock
FAR = timedelta(days=30)  # a desk switched off for longer waits for a manager
PEOPLE, PEOPLE_SHARE = 20, 0.05  # at most in one go; the larger of the two
EVENTS, EVENTS_SHARE = 20_000, 0.25  # about 45 days of 180 after a stop


def clock_doubt(store: Store, now: datetime, synchronised: bool | None) -> str:
    """Why ``now`` must not delete anything, as a code; "" when it may. Raises StoreError."""
    reason = implausible(now)
    if reason:
        return reason
    if synchronised is False:
        return "unsynchronised"
    trusted = (store.key_values.get(CLOCK) or {}).get("at")
    newest = _newest(store, now)
    known = [datetime.fromisoformat(trusted)] if trusted else []
    known += [newest] if newest is not None else []
    if any(abs(now - time) > FAR for time in known):
        return "far_from_record"
    return ""


def trust(store: Store, now: datetime) -> None:
    """Keep that the clock was right now: the next look compares with it."""
    store.key_values.set(CLOCK, {"at": now.isoformat()})


def too_many(store: Store, people: int, events: int) -> str:
    """Whether so many deletions are more than may happen unasked; a code, or ""."""
    if people > max(PEOPLE, PEOPLE_SHARE * store.people.count()):
        return "many_people"
    if events > EVENTS and events > EVENTS_SHARE * store.events.count():
        return "many_events"
    return ""


def _newest(store: Store, now: datetime) -> datetime | None:
    """The newest event that is not of the future: those were written by a clock ahead."""
    with store.database.read() as session:
        return session.scalar(
            select(func.max(EventRow.time)).where(EventRow.time <= now + timedelta(hours=1))
        )
