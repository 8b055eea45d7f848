"""What exports need of the register, and what they keep: how far they are, who went where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from gate.store.audit import Audit
from gate.store.engine import Database, pieces
from gate.store.outbox import take_off
from gate.store.places import with_place
from gate.store.tables import (
    BuildingRow,
    ConsentRow,
    ExportedRow,
    HouseholdRow,
    KeyValueRow,
    PersonRow,
    UnitRow,
)

_COLUMNS = (
    *("ref", "number", "name", "kind", "active", "blocked", "phone", "birth_date"),
    *("birth_year", "groups", "valid_from", "valid_until"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What may be sent of a person, before any switch of purpose and consent.

    Attributes:
        values: columns of PersonRow, and building, unit, household by name.
        agreed: purposes to which the newest answer is "agreed".
    """

    id: int
    values: Mapping[str, Any]
    agreed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A person's record as a platform has it."""

    id: int
    ref: str
    digest: str
    fields: tuple[str, ...] = ()


class Exports:
    """Of all exports of all gates on this database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def by_refs(self, refs: Collection[str]) -> dict[str, Known]:
        """People by pseudonym; whoever was deleted is left out."""
        with self._database.read() as session:
            found = _known(session, PersonRow.ref.in_(list(refs))) if refs else []
            return {str(known.values["ref"]): known for known in found}

    def by_ids(self, ids: Collection[int]) -> dict[int, Known]:
        with self._database.read() as session:
            return {
                known.id: known
                for some in pieces(ids)
                for known in _known(session, PersonRow.id.in_(some))
            }

    def everybody(self, target: str) -> list[int]:
        """Numbers of all people, and of those deleted whom the platform still has."""
        with self._database.read() as session:
            here = set(session.scalars(select(PersonRow.id)))
            there = select(ExportedRow.person_id).where(ExportedRow.target == target)
            return sorted(here | set(session.scalars(there)))

    def sent(self, target: str, ids: Collection[int]) -> dict[int, Sent]:
        """Which of these people the platform has, and as what."""
        with self._database.read() as session:
            rows = [
                row
                for some in pieces(ids)
                for row in session.scalars(
                    select(ExportedRow).where(
                        ExportedRow.target == target, ExportedRow.person_id.in_(some)
                    )
                )
            ]
        return {r.person_id: Sent(r.person_id, r.ref, r.digest, tuple(r.fields)) for r in rows}

    def of_person(self, person: int) -> list[ExportedRow]:
        """To which platforms a person's record went."""
        with self._database.read() as session:
            query = select(ExportedRow).where(ExportedRow.person_id == person)
            return list(session.scalars(query.order_by(ExportedRow.target)))

    def count(self, target: str) -> int:
        """How many people the platform has from us."""
        with self._database.read() as session:
            query = select(func.count()).where(ExportedRow.target == target)
            return session.scalar(query) or 0

    def forget(self, gate: str, receiver: str, key: str) -> int:
        """Nobody is with the platform any more, as far as we know. How many were.

        Whoever was deleted meanwhile cannot be taken back from it then.
        """
        target = target_of(gate, receiver)
        with self._database.write() as session:
            gone = session.execute(delete(ExportedRow).where(ExportedRow.target == target))
            row = session.get(KeyValueRow, key)
            if row is not None:
                row.value = {**row.value, "generation": -1}
            return int(gone.rowcount)  # type: ignore[attr-defined]

    def commit(
        self,
        gate: str,
        receiver: str,
        key: str,
        state: dict[str, Any],
        *,
        done: Sequence[int] = (),
        sent: Iterable[Sent] = (),
        gone: Iterable[int] = (),
        notes: Iterable[tuple[str, dict[str, Any]]] = (),
    ) -> None:
        """After a delivery, in one transaction.

        Args:
            receiver: its name in the outbox.
            key: where ``state`` is kept.
            done: sequences that leave the outbox.
            sent: people the platform has now.
            gone: people it has no more.
            notes: lines for the audit, action and details.
        """
        target = target_of(gate, receiver)
        with self._database.write() as session:
            take_off(session, gate, receiver, done)
            for each in sent:
                session.merge(
                    ExportedRow(
                        target=target,
                        person_id=each.id,
                        ref=each.ref,
                        digest=each.digest,
                        fields=list(each.fields),
                    )
                )
            for some in pieces(gone):
                session.execute(
                    delete(ExportedRow).where(
                        ExportedRow.target == target, ExportedRow.person_id.in_(some)
                    )
                )
            session.merge(KeyValueRow(key=key, value=state))
            for action, details in notes:
                self._audit.note_in(session, receiver, action, gate, **details)


def target_of(gate: str, receiver: str) -> str:
    """Under which name people are kept that a platform has."""
    return f"{gate}:{receiver.removeprefix('export:')}"


def _known(session: Session, where: ColumnElement[bool]) -> list[Known]:
    query = select(PersonRow, BuildingRow.name, UnitRow.name, HouseholdRow.label).where(where)
    rows = session.execute(with_place(query).order_by(PersonRow.id)).all()
    agreed: dict[int, dict[str, bool]] = {}
    for some in pieces(row[0].id for row in rows):
        answers = (
            select(ConsentRow.person_id, ConsentRow.purpose, ConsentRow.answer)
            .where(ConsentRow.person_id.in_(some))
            .order_by(ConsentRow.id)
        )
        for person, purpose, answer in session.execute(answers):
            agreed.setdefault(person, {})[purpose] = answer == "agreed"
    return [
        Known(
            person.id,
            {
                **{name: getattr(person, name) for name in _COLUMNS},
                "building": building,
                "unit": unit,
                "household": label,
            },
            frozenset(p for p, yes in agreed.get(person.id, {}).items() if yes),
        )
        for person, building, unit, label in rows
    ]
