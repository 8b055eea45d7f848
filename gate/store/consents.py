"""What people agreed to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.store.changes import touch
from gate.store.engine import Database
from gate.store.tables import ConsentRow


class Consents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, person: int, answer: str, text_version: str, **fields: Any) -> ConsentRow:
        """Keep an answer: "agreed", "refused" or "withdrawn"; older answers stay."""
        with self._database.write() as session:
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
