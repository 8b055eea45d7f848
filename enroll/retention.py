"""What is deleted when its time is over: events, people who moved out, finished imports."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from enroll.register import moved_out_before
from gate.desk_settings import DeskSettings
from gate.store.store import Store
from gate.store.tables import ImportRow

ACTOR = "retention"


def due(store: Store, settings: DeskSettings, now: datetime) -> list[int]:
    """People whose time is over."""
    if not settings.keep_moved_out_days:
        return []
    return moved_out_before(store.database, now - timedelta(days=settings.keep_moved_out_days))


def run(store: Store, settings: DeskSettings, now: datetime) -> dict[str, int]:
    """Delete all that is due; how much of each. Audited."""
    people = due(store, settings, now)
    for person in people:
        row = store.people.get(person)
        store.people.delete(person)
        store.audit.note(ACTOR, "person.delete", row.ref if row else "")
    events = 0
    if settings.keep_events_days:
        events = store.events.forget_before(now - timedelta(days=settings.keep_events_days))
    imports = 0
    if settings.keep_imports_days:
        old = now - timedelta(days=settings.keep_imports_days)
        with store.database.write() as session:
            done = session.execute(
                delete(ImportRow).where(ImportRow.state == "done", ImportRow.finished < old)
            )
            imports = int(done.rowcount)  # type: ignore[attr-defined]
    store.tidy()
    counts = {"people": len(people), "events": events, "imports": imports}
    store.facts.set("desk.retention", {"at": now.isoformat(), **counts})
    if any(counts.values()):
        store.audit.note(ACTOR, "retention.run", "", **counts)
    return counts
