"""The people of the register."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.orm import Session

from gate.access.decision import Kind, Person
from gate.errors import StoreError
from gate.store.changes import touch
from gate.store.engine import GONE, Database, pieces
from gate.store.places import Places
from gate.store.tables import (
    AcknowledgementRow,
    ConsentRow,
    CredentialRow,
    ErasureRow,
    EventRow,
    HouseholdRow,
    ImportLineRow,
    KeyValueRow,
    LearntRow,
    LookRow,
    PermitRow,
    PersonRow,
    SightingRow,
    TemplateRow,
    UnitRow,
)


def _at_home(session: Session, fields: dict[str, Any]) -> dict[str, Any]:
    """Columns of a person, the home among them as the number of its household."""
    if "home" not in fields:
        return fields
    columns = {key: value for key, value in fields.items() if key != "home"}
    building, unit, household = fields["home"]
    home = Places.household_in(session, building, unit, household).id if building else None
    return {**columns, "household_id": home}


class ChangedError(StoreError):
    """Somebody changed the record since it was looked at."""


_ASKED = 500  # numbers in one query
# what is kept of a person under a name of its own: see missing.py, whereabouts.py
_KEPT_KEYS = ("not_seen", "place")

PERMIT = "permit:"  # and the serial: what is known of a permit that is not in the register


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, **fields: Any) -> PersonRow:
        """A new person; ``fields`` are columns of PersonRow, and ``home`` as in ``update``."""
        with self._database.write() as session:
            person = PersonRow(name=name, **_at_home(session, fields))
            session.add(person)
            session.flush()
            touch(session, person.id)
            return person

    def create_many(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        """Many people in one transaction; their numbers in the same order."""
        with self._database.write() as session:
            people = [PersonRow(**_at_home(session, row)) for row in rows]
            session.add_all(people)
            session.flush()
            numbers = [person.id for person in people]
            touch(session, *numbers)
            return numbers

    def update(self, person: int, *, seen: str = "", **fields: Any) -> PersonRow:
        """Change columns of a person.

        ``home`` among them is building, unit and household, which are made if they are new, in
        the same transaction: nobody removes them meanwhile. Empty ones are nowhere.
        ``seen``: the record is changed only while it was last changed then (ISO 8601); "": always.
        Raises StoreError when there is none, ChangedError when somebody was faster.
        """
        with self._database.write() as session:
            row = self._present(session, person, lock=bool(seen))
            if seen and row.updated.isoformat() != seen:
                raise ChangedError("the record was changed meanwhile", hint="look at it again")
            for key, value in _at_home(session, fields).items():
                if not hasattr(PersonRow, key):
                    raise TypeError(f"people have no {key}")
                setattr(row, key, value)
            touch(session, person)
            session.flush()
            return row

    def delete(self, person: int) -> bool:
        """Remove a person with templates, credentials, permits and consents.

        Returns whether the bytes are gone from the files too; False when a reader was in the way
        (``Store.tidy`` tries again). Raises StoreError when there is no such person.
        """
        with self._database.write() as session:
            self.delete_in(session, person)
        return self._database.wipe()

    def delete_in(self, session: Session, person: int, *, erased: bool = True) -> None:
        """The same in a transaction; the files are wiped afterwards (``Database.wipe``).

        ``erased`` is False for somebody who only no longer belongs on this box.
        """
        row = self._present(session, person)
        ref, home = row.ref, row.household_id
        _withdraw_permits(session, person)
        theirs = select(EventRow.id).where(EventRow.person == ref)
        session.execute(
            update(AcknowledgementRow).where(AcknowledgementRow.event.in_(theirs)).values(note="")
        )
        session.execute(
            update(ImportLineRow)
            .where(ImportLineRow.person_id == person)
            .values(note="", person_id=None)
        )
        for table in (TemplateRow, LookRow, LearntRow, CredentialRow, PermitRow, ConsentRow):
            session.execute(delete(table).where(table.person_id == person))
        about = update(LearntRow).where(LearntRow.other_id == person)
        session.execute(about.values(other_id=None))
        session.execute(delete(PersonRow).where(PersonRow.id == person))
        if home is not None:
            Places.remove_unused_names(session, home)
        kept = [f"{about}:{person}" for about in _KEPT_KEYS]
        session.execute(delete(KeyValueRow).where(KeyValueRow.key.in_(kept)))
        session.execute(
            delete(SightingRow).where(SightingRow.kind == "place", SightingRow.ref == ref)
        )
        if erased:
            session.merge(ErasureRow(ref=ref, person_id=person))
        session.info.setdefault(GONE, []).append((ref if erased else "", person))
        touch(session, person)

    def get(self, person: int) -> PersonRow | None:
        with self._database.read() as session:
            return session.get(PersonRow, person)

    def by_ref(self, ref: str) -> PersonRow | None:
        with self._database.read() as session:
            return session.scalar(select(PersonRow).where(PersonRow.ref == ref))

    def names(self, people: Iterable[int]) -> dict[int, str]:
        """The names of people by their number; whoever is not there is left out."""
        wanted = set(people)
        with self._database.read() as session:
            query = select(PersonRow.id, PersonRow.name)
            if len(wanted) <= _ASKED:  # a page of a report; else all of them are read
                query = query.where(PersonRow.id.in_(wanted))
            return {row[0]: row[1] for row in session.execute(query) if row[0] in wanted}

    def by_number(self, number: str) -> PersonRow | None:
        with self._database.read() as session:
            return session.scalar(select(PersonRow).where(PersonRow.number == number))

    def find(self, text: str = "", limit: int = 50, offset: int = 0) -> list[PersonRow]:
        """People whose name, number or unit contains ``text``, by name."""
        query = select(PersonRow).order_by(PersonRow.name, PersonRow.id)
        if text.strip():
            query = (
                query.outerjoin(HouseholdRow, HouseholdRow.id == PersonRow.household_id)
                .outerjoin(UnitRow, UnitRow.id == HouseholdRow.unit_id)
                .where(
                    or_(
                        PersonRow.name.icontains(text.strip(), autoescape=True),
                        PersonRow.number.icontains(text.strip(), autoescape=True),
                        UnitRow.name.icontains(text.strip(), autoescape=True),
                    )
                )
            )
        with self._database.read() as session:
            return list(session.scalars(query.limit(limit).offset(offset)))

    def count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(PersonRow)) or 0

    def register(self, only: Iterable[int] | None = None) -> dict[int, Person]:
        """What the rules may know of everybody, or of those asked for, by number."""
        query = select(*_KNOWN)  # columns: an object for each row costs twice as much
        with self._database.read() as session:
            if only is None:
                return {row.id: as_person(row) for row in session.execute(query)}
            return {
                row.id: as_person(row)
                for some in pieces(only)
                for row in session.execute(query.where(PersonRow.id.in_(some)))
            }

    def _present(self, session: Session, person: int, *, lock: bool = False) -> PersonRow:
        row = session.get(PersonRow, person, with_for_update=lock or None)
        if row is None:
            raise StoreError(
                f"there is no person {person}",
                where=self._database.where,
                hint="look the person up again; somebody may have deleted the record",
            )
        return row


def _withdraw_permits(session: Session, person: int) -> None:
    """Keep the serials of permits that are still valid, and nothing else: their codes are about,
    and a gate believes a visitor's code it has never heard of."""
    now = datetime.now(UTC)
    query = select(PermitRow).where(PermitRow.person_id == person, PermitRow.valid_until > now)
    for permit in session.scalars(query):
        session.merge(KeyValueRow(key=f"{PERMIT}{permit.id}", value={"revoked": True}))


# what ``as_person`` reads
_KNOWN = (
    PersonRow.id,
    PersonRow.ref,
    PersonRow.kind,
    PersonRow.active,
    PersonRow.blocked,
    PersonRow.blocked_reason,
    PersonRow.valid_from,
    PersonRow.valid_until,
    PersonRow.groups,
    PersonRow.extended_unlock,
    PersonRow.face_alone,
    PersonRow.birth_date,
    PersonRow.birth_year,
    PersonRow.name,
    PersonRow.number,
)


def as_person(row: PersonRow | Row[*tuple[Any, ...]]) -> Person:
    """The value the rules work with; ``row`` has at least the columns of ``_KNOWN``."""
    reason = (row.blocked_reason or "blocked") if row.blocked else ""
    return Person(
        id=row.id,
        ref=row.ref,
        kind=Kind(row.kind),
        active=row.active,
        blocked=reason,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        groups=frozenset(row.groups),
        extended_unlock=row.extended_unlock,
        face_alone=row.face_alone,
        born=_born(row),
        name=row.name,
        number=row.number or "",
    )


def _born(row: PersonRow | Row[*tuple[Any, ...]]) -> date | None:
    """The latest day that fits: where only the year is known a child counts as the younger."""
    if row.birth_date is not None:
        return row.birth_date
    return date(row.birth_year, 12, 31) if row.birth_year is not None else None
