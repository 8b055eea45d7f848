"""People an import enrolled whose faces are those of somebody else: one person twice, or two.

Which of them it is staff decide: they are made one record, or both are asked for a card as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.importing.notes import DOUBLE, note, parts_of
from gate.store.changes import touch
from gate.store.store import Store
from gate.store.tables import (
    ConsentRow,
    CredentialRow,
    ImportLineRow,
    PermitRow,
    PersonRow,
    TemplateRow,
)

# what the record that stays takes over where it has no value of its own
_TAKEN = ("number", "household_id", "birth_year", "birth_date", "phone", "note")


@dataclass(frozen=True, slots=True)
class Pair:
    """Attributes:
    line: of the table; the later one when both people are in it.
    older, newer: numbers of their records; the older one stays.
    """

    line: int
    older: int
    newer: int


def same_faces(store: Store, job: int) -> list[Pair]:
    """The pairs of an import nobody has decided about, in the order of its lines."""
    found: dict[tuple[int, int], int] = {}
    with store.database.read() as session:
        query = select(ImportLineRow).where(
            ImportLineRow.import_id == job, ImportLineRow.note.contains(DOUBLE)
        )
        for row in session.scalars(query.order_by(ImportLineRow.line)):
            for other in _others(row):
                if row.person_id is not None and session.get(PersonRow, other) is not None:
                    found[min(row.person_id, other), max(row.person_id, other)] = row.line
    return [Pair(line, *people) for people, line in found.items()]


def merge(store: Store, older: int, newer: int) -> bool:
    """Make two records one: the older stays, with the cards and permits of the newer, and with
    what only the newer says. Its face stays as it is.

    Returns whether the bytes of the newer are gone from the files, as ``People.delete`` does.
    Raises StoreError when one of them is not there or one of them said no to the face: whether
    that no is taken back is asked at the desk.
    """
    with store.database.write() as session:
        keep, gone = _present(session, older), _present(session, newer)
        said = store.consents.answer_in(session, older)
        also = store.consents.answer_in(session, newer)
        if any(answer is not None and answer.answer != "agreed" for answer in (said, also)):
            raise StoreError("one of them said no to the face", hint="ask them at the desk first")
        taken: dict[str, Any] = {
            column: getattr(gone, column) for column in _TAKEN if not getattr(keep, column)
        }
        gone.number = None  # no two may have one
        session.flush()
        for column, value in taken.items():
            setattr(keep, column, value)
        keep.groups = sorted({*keep.groups, *gone.groups})
        tables: list[Any] = [CredentialRow, PermitRow, ImportLineRow]
        tables += [ConsentRow] if said is None else []
        for table in tables:
            session.execute(update(table).where(table.person_id == newer).values(person_id=older))
        _move_face(session, store, older, newer)
        _settled(session, older, newer)
        touch(session, older, newer)
    return store.people.delete(newer)


def tell_apart(store: Store, older: int, newer: int) -> None:
    """They are two: both are asked for a second proof from now on. Raises StoreError."""
    with store.database.write() as session:
        for person in (older, newer):
            _present(session, person).face_alone = False
        _settled(session, older, newer)
        touch(session, older, newer)


def _move_face(session: Session, store: Store, older: int, newer: int) -> None:
    """Where the older record has no face, it gets that of the newer."""
    query = select(TemplateRow).where(TemplateRow.person_id == older)
    if session.scalar(query.limit(1)) is not None:
        return
    for row in session.scalars(select(TemplateRow).where(TemplateRow.person_id == newer)):
        vector = store.vault.unseal(row.vector, newer, row.encoder)
        session.add(
            TemplateRow(
                person_id=older,
                encoder=row.encoder,
                vector=store.vault.seal(vector, older, row.encoder),
                quality=row.quality,
            )
        )


def _settled(session: Session, one: int, other: int) -> None:
    """Take the pair out of the notes of every import."""
    query = select(ImportLineRow).where(
        ImportLineRow.person_id.in_((one, other)), ImportLineRow.note.contains(DOUBLE)
    )
    for row in session.scalars(query):
        gone = {f"#{one}", f"#{other}"}
        row.note = note(
            part for part in parts_of(row.note) if part[1] != DOUBLE or part[0] not in gone
        )


def _others(row: ImportLineRow) -> list[int]:
    return [
        int(which[1:])
        for which, code in parts_of(row.note)
        if code == DOUBLE and re.fullmatch("#[0-9]{1,15}", which)
    ]


def _present(session: Session, person: int) -> PersonRow:
    row = session.get(PersonRow, person)
    if row is None:
        raise StoreError(f"there is no person {person}", hint="somebody else has decided already")
    return row
