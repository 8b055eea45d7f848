"""The register as the desk reads it: search, and people with where they live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, false, func, or_, select

from gate.store.engine import Database
from gate.store.tables import (
    BuildingRow,
    ConsentRow,
    CredentialRow,
    HouseholdRow,
    PersonRow,
    TemplateRow,
    UnitRow,
)

STATES = (
    *("", "active", "blocked", "ended", "ends_soon", "moved_out"),
    *("no_face", "no_face_yet", "no_answer"),
)
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list of people."""

    person: PersonRow
    building: str
    unit: str
    templates: int
    cards: int
    consent: str  # agreed | refused | withdrawn | ""
    state: str


def state_of(person: PersonRow, now: datetime) -> str:
    """What staff see first: blocked, moved out, ended (the last day is over), or active."""
    if person.blocked:
        return "blocked"
    if not person.active:
        return "moved_out"
    return "ended" if person.valid_until and person.valid_until <= now else "active"


def search(
    database: Database,
    text: str = "",
    *,
    now: datetime,
    state: str = "",
    building: int = 0,
    limit: int = 50,
    offset: int = 0,
) -> list[Listed]:
    """People whose name, number, phone, building or unit contains each word of ``text``."""
    query = (
        select(PersonRow, BuildingRow.name, UnitRow.name)
        .outerjoin(HouseholdRow, HouseholdRow.id == PersonRow.household_id)
        .outerjoin(UnitRow, UnitRow.id == HouseholdRow.unit_id)
        .outerjoin(BuildingRow, BuildingRow.id == UnitRow.building_id)
        .order_by(PersonRow.name, PersonRow.id)
        .where(*(_word(word) for word in text.split()[:5]), *_state(state, now))
    )
    if building:
        query = query.where(BuildingRow.id == building)
    with database.read() as session:
        rows = session.execute(query.limit(limit).offset(offset)).all()
        numbers = [row[0].id for row in rows]
        templates = _counts(session.execute(_count(TemplateRow, numbers)).all())
        cards = _counts(
            session.execute(
                _count(CredentialRow, numbers).where(CredentialRow.revoked.is_(None))
            ).all()
        )
        newest = select(func.max(ConsentRow.id)).where(
            ConsentRow.person_id.in_(numbers), ConsentRow.purpose == "face"
        )
        answers = {
            row.person_id: row.answer
            for row in session.scalars(
                select(ConsentRow).where(ConsentRow.id.in_(newest.group_by(ConsentRow.person_id)))
            )
        }
    return [
        Listed(
            person,
            building_name or "",
            unit or "",
            templates[person.id],
            cards[person.id],
            answers.get(person.id, ""),
            state_of(person, now),
        )
        for person, building_name, unit in rows
    ]


def household_of(database: Database, household: int | None) -> list[PersonRow]:
    """Everybody of one household."""
    if household is None:
        return []
    with database.read() as session:
        query = select(PersonRow).where(PersonRow.household_id == household)
        return list(session.scalars(query.order_by(PersonRow.name)))


def people_of(database: Database, people: Iterable[int]) -> dict[int, PersonRow]:
    """Several people at once, by number; those not there are left out."""
    with database.read() as session:
        rows = session.scalars(select(PersonRow).where(PersonRow.id.in_(set(people))))
        return {row.id: row for row in rows}


def called_like(database: Database, text: str) -> set[int]:
    """The numbers of people whose name holds ``text``."""
    with database.read() as session:
        found = session.scalars(
            select(PersonRow.id).where(PersonRow.name.icontains(text, autoescape=True))
        )
        return set(found)


def qualities(database: Database, person: int) -> list[float]:
    """The quality of each template of a person, best first; of one encoder if there are more."""
    with database.read() as session:
        rows = session.execute(
            select(TemplateRow.encoder, TemplateRow.quality).where(TemplateRow.person_id == person)
        ).all()
    newest = rows[-1][0] if rows else ""
    return sorted((quality for encoder, quality in rows if encoder == newest), reverse=True)


def over_before(database: Database, time: datetime) -> list[int]:
    """Who moved out before ``time``, and whose last day was before it."""
    with database.read() as session:
        return list(session.scalars(select(PersonRow.id).where(PersonRow.valid_until < time)))


def count_of(database: Database, state: str, now: datetime) -> int:
    """How many people the list shows in one of ``STATES``."""
    with database.read() as session:
        people = select(func.count()).select_from(PersonRow)
        return session.scalar(people.where(*_state(state, now))) or 0


def _word(word: str) -> ColumnElement[bool]:
    columns = (PersonRow.name, PersonRow.number, PersonRow.phone, UnitRow.name, BuildingRow.name)
    return or_(*(column.contains(word, autoescape=True) for column in columns))


def _state(state: str, now: datetime) -> Sequence[ColumnElement[bool]]:
    agreed = select(ConsentRow.id).where(
        ConsentRow.person_id == PersonRow.id, ConsentRow.purpose == "face"
    )
    face = select(TemplateRow.id).where(TemplateRow.person_id == PersonRow.id)
    ended = func.coalesce(PersonRow.valid_until <= now, False)
    match state:
        case "":
            return ()
        case "active":
            return (PersonRow.active.is_(True), PersonRow.blocked.is_(False), ~ended)
        case "ended":
            return (PersonRow.active.is_(True), PersonRow.blocked.is_(False), ended)
        case "ends_soon":
            within = PersonRow.valid_until <= now + SOON
            return (PersonRow.active.is_(True), PersonRow.blocked.is_(False), ~ended, within)
        case "blocked":
            return (PersonRow.blocked.is_(True),)
        case "moved_out":
            return (PersonRow.active.is_(False),)
        case "no_face":
            return (PersonRow.active.is_(True), ~face.exists())
        case "no_face_yet":
            newest = (
                select(ConsentRow.answer)
                .where(ConsentRow.person_id == PersonRow.id, ConsentRow.purpose == "face")
                .order_by(ConsentRow.id.desc())
                .limit(1)
                .scalar_subquery()
            )
            return (PersonRow.active.is_(True), ~face.exists(), newest == "agreed")
        case "no_answer":
            return (PersonRow.active.is_(True), ~agreed.exists())
        case _:
            return (false(),)


def _count(table: type[TemplateRow] | type[CredentialRow], people: list[int]) -> Select[int, int]:
    return (
        select(table.person_id, func.count())
        .where(table.person_id.in_(people))
        .group_by(table.person_id)
    )


def _counts(rows: Iterable[Row[int, int]]) -> defaultdict[int, int]:
    counts: defaultdict[int, int] = defaultdict(int)
    for person, number in rows:
        counts[person] = number
    return counts
