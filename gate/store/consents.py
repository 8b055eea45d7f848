"""What people agreed to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.store.changes import touch
from gate.store.engine import GONE, Database
from gate.store.tables import ConsentRow, LookRow, PersonRow, TemplateRow

AGREED = "agreed"


class Consents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, person: int, answer: str, text_version: str, **fields: Any) -> ConsentRow:
        """Keep an answer: "agreed", "refused" or "withdrawn"; older answers stay.

        What a no ends of a face goes in the same transaction.
        """
        with self._database.write() as session:
            _hold(session, person)
            purpose = fields.get("purpose", "face")
            if answer != AGREED and purpose == "face":
                forget_faces(session, person)
            elif answer != AGREED and purpose == "learning":
                session.execute(delete(LookRow).where(LookRow.person_id == person))
            row = ConsentRow(person_id=person, answer=answer, text_version=text_version, **fields)
            session.add(row)
            touch(session, person)
            session.flush()
            return row

    def answer(self, person: int, purpose: str = "face") -> ConsentRow | None:
        """The newest answer, which counts."""
        with self._database.read() as session:
            return self.answer_in(session, person, purpose)

    def answer_in(self, session: Session, person: int, purpose: str = "face") -> ConsentRow | None:
        """``answer`` within a transaction."""
        return session.scalar(
            select(ConsentRow)
            .where(ConsentRow.person_id == person, ConsentRow.purpose == purpose)
            .order_by(ConsentRow.id.desc())
            .limit(1)
        )

    def of(self, person: int) -> list[ConsentRow]:
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(ConsentRow).where(ConsentRow.person_id == person).order_by(ConsentRow.id)
                )
            )


def forget_faces(session: Session, person: int) -> None:
    """Delete somebody's templates, the faces from which one might be learnt, and the key of both.

    The files are wiped afterwards (``Database.wipe``).
    """
    session.execute(delete(TemplateRow).where(TemplateRow.person_id == person))
    session.execute(delete(LookRow).where(LookRow.person_id == person))
    session.info.setdefault(GONE, []).append(("", person))


def refuse_after_no(session: Session, person: int, *purposes: str) -> None:
    """Raises StoreError when somebody has said no to one of these purposes meanwhile.

    Asked in the transaction that writes a face: whoever asked before it may have waited for that
    face to be examined, and the answer given elsewhere.
    """
    _hold(session, person)
    for purpose in purposes:
        said = session.scalar(
            select(ConsentRow.answer)
            .where(ConsentRow.person_id == person, ConsentRow.purpose == purpose)
            .order_by(ConsentRow.id.desc())
            .limit(1)
        )
        if said not in (None, AGREED):
            raise StoreError(
                "this person does not agree to it any more",
                where=f"person {person}",
                hint="record the consent first, or give a card or permit instead",
            )


def _hold(session: Session, person: int) -> None:
    """Answers and faces of one person are written one after the other; SQLite writes so anyway."""
    session.execute(select(PersonRow.id).where(PersonRow.id == person).with_for_update())
