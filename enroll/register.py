"""The register as the desk reads it: search, and people with where they live."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, null, or_, select, true
from sqlalchemy.orm import Session

from enroll.homes_spelt import homes_of
from enroll.pinyin import is_query, matches, natural_key, sort_key
from gate.store.engine import Database
from gate.store.places import with_place
from gate.store.store import Store
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
SORTS = ("name", "home")
_TELEPHONE = re.compile(r"\+?[0-9][0-9-]{2,}")
_DOTS = "[·•・∙‧⋅．]"  # by which keyboards and programs divide 买买提·艾山


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


def namesakes(
    database: Database,
    name: str,
    home: tuple[str, str, str],
    birth_year: int | None = None,
    kind: str = "",
) -> list[PersonRow]:
    """Active people of that name at that home (building, unit, household; "" for none), the newest
    first; of ``kind`` if one is given. Who lives nowhere here has to have the same year of birth.
    """
    query = with_place(select(PersonRow)).where(PersonRow.name == name, PersonRow.active)
    if kind:
        query = query.where(PersonRow.kind == kind)
    if home[0]:
        columns = (BuildingRow.name, UnitRow.name, HouseholdRow.label)
        query = query.where(*(column == part for column, part in zip(columns, home, strict=True)))
    else:
        query = query.where(PersonRow.household_id.is_(None), PersonRow.birth_year == birth_year)
    with database.read() as session:
        return list(session.scalars(query.order_by(PersonRow.id.desc())))


def search(
    database: Database,
    text: str = "",
    *,
    now: datetime,
    state: str = "",
    building: int = 0,
    sort: str = SORTS[0],
    known: Collection[int] = (),
    limit: int = 50,
    offset: int = 0,
) -> list[Listed]:
    """People whose name, number, phone, building or unit contains each word of ``text``.

    Latin letters also find names by their pinyin.

    Args:
        sort: one of ``SORTS``.
        known: people found otherwise, by a card; they are added whatever ``text`` says.
    """
    words = text.split()[:5]
    spelling = is_query(text.strip())
    by_place = bool(words or building or sort != SORTS[0])
    with database.read() as session:
        condition = and_(true(), *(_word(word, homes_of(session, word)) for word in words))
        if len(words) > 1 and (units := homes_of(session, text)):  # 3号楼 2门 501
            condition = or_(condition, UnitRow.id.in_(units))
        found_by_text = or_(condition, PersonRow.id.in_(known))
        # of everybody only what is sorted by; where they live is read for those that are shown
        place = (BuildingRow.name, UnitRow.name) if by_place else (null(), null())
        query = select(PersonRow.id, PersonRow.name, *place, found_by_text)
        query = (with_place(query) if by_place else query).where(*_state(state, now))
        if not spelling:  # pinyin is nothing a database knows
            query = query.where(found_by_text)
        if building:
            query = query.where(BuildingRow.id == building)
        rows = session.execute(query).all()
        if spelling:
            rows = [row for row in rows if row[4] or matches(row[1], text)]
        # a few thousand short rows: sorting by pinyin is nothing a database does
        found = sorted(rows, key=_ORDERS[sort])[offset : offset + limit]
        return _listed(session, [row[0] for row in found], now)


def _listed(session: Session, numbers: list[int], now: datetime) -> list[Listed]:
    """What the list shows of each of these people, in their order."""
    people = {
        row.id: row for row in session.scalars(select(PersonRow).where(PersonRow.id.in_(numbers)))
    }
    shown = with_place(select(PersonRow.id, BuildingRow.name, UnitRow.name))
    homes = {
        number: (building or "", unit or "")
        for number, building, unit in session.execute(shown.where(PersonRow.id.in_(numbers)))
    }
    templates = _counts(session.execute(_count(TemplateRow, numbers)).all())
    cards = _counts(
        session.execute(_count(CredentialRow, numbers).where(CredentialRow.revoked.is_(None))).all()
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
            people[number],
            *homes[number],
            templates[number],
            cards[number],
            answers.get(number, ""),
            state_of(people[number], now),
        )
        for number in numbers
    ]


def _by_name(row: Row[int, str, str, str, bool]) -> tuple[Any, ...]:
    return (sort_key(row[1]), row[0])


def _by_home(row: Row[int, str, str, str, bool]) -> tuple[Any, ...]:
    # who has no home comes last
    return (row[2] is None, natural_key(row[2] or ""), natural_key(row[3] or ""), *_by_name(row))


_ORDERS = dict(zip(SORTS, (_by_name, _by_home), strict=True))


def household_of(database: Database, household: int | None) -> list[PersonRow]:
    """Everybody of one household."""
    if household is None:
        return []
    with database.read() as session:
        query = select(PersonRow).where(PersonRow.household_id == household)
        return list(session.scalars(query.order_by(PersonRow.name)))


def without_face(store: Store, person: PersonRow) -> list[PersonRow]:
    """Who of the same household agreed and has no face yet: they go before the camera next."""
    household = household_of(store.database, person.household_id)
    found = []
    for one in household:
        said = store.consents.answer(one.id) if one.active and one.id != person.id else None
        if said is not None and said.answer == "agreed" and not qualities(store.database, one.id):
            found.append(one)
    return found


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


def _word(word: str, units: Collection[int]) -> ColumnElement[bool]:
    """Whether somebody's line contains a word, or they live in one of ``units``."""
    columns = (PersonRow.number, PersonRow.phone, UnitRow.name, BuildingRow.name)
    found = [column.icontains(word, autoescape=True) for column in columns]
    found.append(PersonRow.name.ilike(f"%{_pattern(word)}%", escape="/"))
    if _TELEPHONE.fullmatch(word):
        digits = re.sub(r"^(?:\+|00)86(?=.)|[^0-9]", "", word)
        plain = func.replace(func.replace(PersonRow.phone, " ", ""), "-", "")
        found.append(plain.contains(digits))
    if units:
        found.append(UnitRow.id.in_(units))
    return or_(*found)


def _pattern(word: str) -> str:
    """A word as a pattern in which each of the dots within a name is any of them."""
    return re.sub(_DOTS, "_", re.sub("[/%_]", r"/\g<0>", word))


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
