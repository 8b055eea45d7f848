"""What is deleted when its time is over: people, events, imports, uploads."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from enroll.deletion_limits import clock_doubt, too_many, trust
from enroll.desk import Desk
from enroll.register import over_before
from gate.importing import made_homes
from gate.store.tables import ImportRow, PersonRow

ACTOR = "retention"
WAITING = "desk.retention.waiting"  # why nothing is deleted at the moment

log = logging.getLogger(__name__)


def due(desk: Desk, now: datetime) -> list[int]:
    """People who moved out, or whose last day was, longer ago than they are kept."""
    days = desk.settings.keep_moved_out_days
    return over_before(desk.store.database, now - timedelta(days=days)) if days else []


def goes_on(desk: Desk, person: PersonRow) -> datetime | None:
    """When somebody will be deleted, unless their last day is put off; None: not foreseen."""
    days = desk.settings.keep_moved_out_days
    if not days or person.valid_until is None:
        return None
    last = datetime.max.replace(tzinfo=UTC) - timedelta(days=days + 1)
    return min(person.valid_until, last) + timedelta(days=days)


def waiting(desk: Desk, now: datetime) -> str:
    """Why what is due waits for a manager, as a code; "" when it may be deleted unasked."""
    store, settings = desk.store, desk.settings
    doubt = clock_doubt(store, now, desk.synchronised())
    if doubt:
        return doubt
    events = 0
    if settings.keep_events_days:
        events = store.events.count(before=now - timedelta(days=settings.keep_events_days))
    return too_many(store, len(due(desk, now)), events)


def run_unasked(desk: Desk, now: datetime) -> dict[str, int] | None:
    """Delete what is due, unless that waits for a manager: then None, and the page says why."""
    reason = waiting(desk, now)
    before = (desk.store.key_values.get(WAITING) or {}).get("reason")
    if reason:
        if reason != before:
            desk.store.key_values.set(WAITING, {"reason": reason, "at": now.isoformat()})
            desk.store.audit.note(ACTOR, "retention.waits", "", reason=reason)
            log.warning("retention.waits", extra={"cause": reason})
        return None
    return run(desk, now)


def run(desk: Desk, now: datetime) -> dict[str, int]:
    """Delete all that is due; how much of each. Audited.

    Whoever calls it vouches for ``now``.
    """
    store, settings = desk.store, desk.settings
    trust(store, now)
    store.key_values.forget(WAITING)
    people = due(desk, now)
    for person in people:
        row = store.people.get(person)
        store.people.delete(person)
        store.audit.note(ACTOR, "person.delete", row.ref if row else "")
    events = 0
    if settings.keep_events_days:
        events = store.events.forget_before(now - timedelta(days=settings.keep_events_days))
    desk.imports.tidy()
    imports = desk.imports.forget_before(now - timedelta(days=settings.keep_uploads_days))
    if settings.keep_imports_days:
        old = now - timedelta(days=settings.keep_imports_days)
        with store.database.write() as session:
            done = session.execute(
                delete(ImportRow).where(ImportRow.state == "done", ImportRow.finished < old)
            )
            imports += int(done.rowcount)  # type: ignore[attr-defined]
            made_homes.forget(session)
    store.tidy()
    counts = {"people": len(people), "events": events, "imports": imports}
    store.key_values.set("desk.retention", {"at": now.isoformat(), **counts})
    if any(counts.values()):
        store.audit.note(ACTOR, "retention.run", "", **counts)
    return counts
