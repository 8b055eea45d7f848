"""Whom an import added, and how it left their records: so that it can be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gate.importing import made_homes
from gate.store.places import NewPlaces
from gate.store.tables import (
    ConsentRow,
    CredentialRow,
    ImportLineRow,
    PersonRow,
    TemplateRow,
)


def records(session: Session, people: Collection[int]) -> dict[int, tuple[str, str]]:
    """When each record was last changed, and a digest of faces, cards and answers kept of it.

    Both come from the database as it has them, so that a later look compares like with like.
    """
    kept: dict[int, list[str]] = {person: [] for person in people}
    for query in (
        select(TemplateRow.person_id, TemplateRow.id),
        select(ConsentRow.person_id, ConsentRow.id),
        select(CredentialRow.person_id, CredentialRow.id, CredentialRow.revoked),
    ):
        theirs = query.where(query.selected_columns[0].in_(people)).order_by(
            query.selected_columns[1]
        )
        for person, *values in session.execute(theirs):
            kept[person].append(" ".join(map(str, (len(values), *values))))
    changed = select(PersonRow.id, PersonRow.updated).where(PersonRow.id.in_(people))
    return {
        person: (updated.isoformat(), hashlib.sha256("\n".join(kept[person]).encode()).hexdigest())
        for person, updated in session.execute(changed)
    }


def as_kept(record: tuple[str, str]) -> str:
    """What ``ImportLineRow.added`` says of a record; at most 64 characters."""
    changed, held = record
    return f"{changed} {held[:24]}"


class Added:
    """The people one import adds, as it left them; one for each run of it."""

    def __init__(self, session: Session, job: int) -> None:
        query = select(ImportLineRow.person_id, ImportLineRow.added)
        rows = session.execute(query.where(ImportLineRow.import_id == job))
        self._job = job
        self._left = {person: added for person, added in rows if person and added}
        self._written: set[int] = set()  # in this transaction
        self.homes = NewPlaces()  # in this transaction

    def before(self, session: Session, person: int) -> None:
        """A line is about to write to somebody: what the desk changed meanwhile stays a change."""
        left = self._left.get(person)
        if left and person not in self._written:
            record = records(session, [person]).get(person)
            if record is None or as_kept(record) != left:
                del self._left[person]

    def wrote(self, person: int, *, new: bool) -> None:
        """A line has written to somebody, whom it added if ``new``."""
        if new:
            self._left[person] = ""
        self._written.add(person)

    def keep(self, session: Session) -> None:
        """Note how the people of this transaction were left and which homes it made, at its end."""
        session.flush()
        made_homes.note(session, self._job, self.homes)
        left = records(session, self._written & self._left.keys())
        for person, record in left.items():
            self._left[person] = as_kept(record)
            session.execute(
                update(ImportLineRow)
                .where(ImportLineRow.import_id == self._job, ImportLineRow.person_id == person)
                .values(added=self._left[person])
            )
        self._written.clear()
