"""Whose record changed since a gate last looked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gate.store.engine import Database
from gate.store.heads import Head, at_commit, raise_head, wake
from gate.store.tables import ChangeRow
from gate.store.tables.base import now

_KEPT = timedelta(days=2)
RULES = 0  # means the rules where a change names a person
CALIBRATION = -1  # means whitening and calibration
CONFIGURATION = -2  # means what the hub sets on its boxes


class Changes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def generation(self) -> int:
        """Grows with every change of a person, template, credential or rule."""
        with self._database.read() as session:
            return session.scalar(select(func.max(ChangeRow.id))) or 0

    def since(self, generation: int) -> tuple[int, frozenset[int] | None]:
        """The present generation and the people changed after ``generation``.

        None instead of people means too long ago: load everybody again. A person in the
        set who is no longer in the register was deleted.
        """
        with self._database.read() as session:
            newest = session.scalar(select(func.max(ChangeRow.id))) or 0
            if newest == generation:
                return generation, frozenset()
            oldest = session.scalar(select(func.min(ChangeRow.id))) or 0
            if generation + 1 < oldest or newest < generation:
                return newest, None
            changed = session.scalars(
                select(ChangeRow.person_id)
                .where(ChangeRow.id > generation, ChangeRow.person_id > RULES)
                .distinct()
            )
            return newest, frozenset(changed)

    def forget_old(self) -> None:
        """Drop entries older than two days, but never the newest."""
        with self._database.write() as session:
            newest = session.scalar(select(func.max(ChangeRow.id))) or 0
            session.execute(
                delete(ChangeRow).where(ChangeRow.at < now() - _KEPT, ChangeRow.id < newest)
            )


def touch(session: Session, *people: int) -> None:
    """Note, in the transaction that changes them, that these people changed.

    The notes are numbered when it commits, so that whoever follows the numbers misses none.
    """

    def number(session: Session) -> None:
        wake(session)  # first: while the head is locked every other writer waits
        last = raise_head(session, Head.CHANGES, len(people))
        session.add_all(
            ChangeRow(id=last - len(people) + 1 + place, person_id=person)
            for place, person in enumerate(people)
        )

    if people:
        at_commit(session, Head.CHANGES, number)
