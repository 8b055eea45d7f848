"""Undo an import: the people it added go, unless somebody has come to rely on their record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gate.importing import made_homes
from gate.importing.added import as_kept, records
from gate.importing.run import BATCH
from gate.store.engine import pieces
from gate.store.store import Store
from gate.store.tables import (
    ArrivalWayRow,
    EventRow,
    ImportLineRow,
    LearntRow,
    LookRow,
    PermitRow,
    PersonRow,
)

UNDONE = "undone"  # what became of a line whose person was removed again
WHY = ("seen", "given", "changed", "listed", "before")  # somebody stays
SEEN, GIVEN, CHANGED, LISTED, BEFORE = WHY


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoing an import would do now.

    Attributes:
        gone: people who would be removed, by number.
        stay: people who stay → why: SEEN at a gate, GIVEN something since or something of theirs
            taken away, CHANGED since, LISTED in another import too, or there BEFORE the import,
            which changed their record.
        homes: how many homes it made would be removed, since nobody else uses them.
        unknown: lines of an earlier version, which do not say whether they added somebody.
    """

    gone: list[int]
    stay: Mapping[int, str]
    unknown: int
    homes: int = 0


def look(store: Store, job: int) -> Undo:
    """What undoing would do; writes nothing."""
    with store.database.read() as session:
        rows = session.execute(
            select(ImportLineRow.person_id, ImportLineRow.result, ImportLineRow.added).where(
                ImportLineRow.import_id == job
            )
        ).all()
        added = {person for person, _, left in rows if person and left}
        changed = {
            person
            for person, result, left in rows
            if person and left == "" and result != "unchanged"
        }
        stay: dict[int, str] = {}
        for some in pieces(sorted(added)):
            stay |= _why(session, job, some)
        gone = sorted(added - stay.keys())
        homes = len(made_homes.unused(session, made_homes.made_by(session, job).households, gone))
    stay |= dict.fromkeys(sorted(changed - added), BEFORE)
    unknown = sum(left is None and result != "unchanged" for _, result, left in rows)
    return Undo(gone, stay, unknown, homes)


def undo(
    store: Store, job: int, by: str, *, stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, int]]:
    """Remove whom the import added, then the homes it made that nobody uses; yields how many people
    of how many after each transaction.

    Each batch looks again, in its own transaction, at whether its people may go. It may be
    stopped after any batch and begun again later: whoever is gone is gone.
    """
    gone, removed = look(store, job).gone, 0
    try:
        for some in pieces(gone, BATCH):
            with store.database.write() as session:
                removed += _remove(session, store, job, some, by)
            yield removed, len(gone)
            if stop():
                return
        for _ in made_homes.remove(store, job):
            if stop():
                break
    finally:
        store.database.wipe()  # of faces that were deleted no byte stays


def _remove(session: Session, store: Store, job: int, people: Collection[int], by: str) -> int:
    """As a deletion by hand does; the rows are locked, so nobody gives them a card meanwhile."""
    query = select(PersonRow.id, PersonRow.ref).where(PersonRow.id.in_(people))
    there = session.execute(query.order_by(PersonRow.id).with_for_update()).all()
    stay = _why(session, job, people)
    going = [(person, ref) for person, ref in there if person not in stay]
    for person, ref in going:
        session.execute(
            update(ImportLineRow)
            .where(ImportLineRow.import_id == job, ImportLineRow.person_id == person)
            .values(result=UNDONE)
        )
        store.people.delete_in(session, person)
        store.audit.note_in(session, by, "person.delete", ref)
    return len(going)


def _why(session: Session, job: int, people: Collection[int]) -> dict[int, str]:
    """Those of ``people``, added by the import, who have to stay, and why."""
    lines = select(ImportLineRow.person_id, ImportLineRow.added).where(
        ImportLineRow.person_id.in_(people)
    )
    left = {
        person: added or ""
        for person, added in session.execute(lines.where(ImportLineRow.import_id == job))
    }
    elsewhere = lines.where(ImportLineRow.import_id != job)
    why = {person: LISTED for person, _ in session.execute(elsewhere) if person}
    for person, record in records(session, people).items():
        changed, _, held = left.get(person, "").partition(" ")
        if as_kept(record) != f"{changed} {held}":
            why[person] = CHANGED if record[0] != changed else GIVEN
    for table in (PermitRow, ArrivalWayRow, LearntRow):
        theirs = select(table.person_id).where(table.person_id.in_(people))
        why |= dict.fromkeys(session.scalars(theirs), GIVEN)
    seen = select(LookRow.person_id).where(LookRow.person_id.in_(people))
    why |= dict.fromkeys(session.scalars(seen), SEEN)
    seen = (
        select(PersonRow.id)
        .where(PersonRow.id.in_(people))
        .where(select(EventRow.id).where(EventRow.person == PersonRow.ref).exists())
    )
    return why | dict.fromkeys(session.scalars(seen), SEEN)
