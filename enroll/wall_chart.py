"""The wall chart of a building: its floors and doors, and who lives behind each.

Read from the register and nothing kept besides. Who moved out is not on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enroll.pinyin import natural_key
from enroll.register import SOON
from gate.store.engine import Database
from gate.store.tables import (
    BuildingRow,
    ConsentRow,
    HouseholdRow,
    PersonRow,
    TemplateRow,
    UnitRow,
)

# "1201", "2-501", "1单元0302室": what is before, the floor, the door of two digits, what is after
_UNIT = re.compile(r"^(?P<before>.*?)0*(?P<floor>[0-9]{1,3})(?P<door>[0-9]{2})(?P<after>\D*)$")


class Mark(StrEnum):
    """What is to be seen at a glance of somebody."""

    BLOCKED = "blocked"
    ENDED = "ended"  # the last day is over
    ENDS_SOON = "ends_soon"  # within register.SOON
    NO_FACE = "no_face"  # none yet, and neither refused nor withdrawn
    HELP = "help"  # needs help, and agreed that it is marked
    ALONE = "alone"  # lives alone, and agreed that it is marked
    MISSED = "missed"  # agreed that somebody looks after them when they are not seen


# the question that was answered with yes
_AGREED = {Mark.HELP: "help", Mark.ALONE: "alone", Mark.MISSED: "not_seen"}


@dataclass(frozen=True, slots=True)
class Dweller:
    """One person of a home."""

    id: int
    name: str
    kind: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """One unit and everybody in it."""

    unit: str
    people: list[Dweller] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chart:
    """``floors`` from the top; a floor's homes by door. ``others`` are units without a floor."""

    building: str
    doors: list[str]
    floors: list[tuple[int, dict[str, list[Home]]]]
    others: list[Home]

    @property
    def empty(self) -> bool:
        return not self.floors and not self.others


def place_of(unit: str) -> tuple[int, str] | None:
    """Floor and door of a unit's name: ``2-501`` is floor 5, door ``2-01``; None without both."""
    found = _UNIT.match(unit.strip())
    if found is None or int(found["floor"]) == 0:
        return None
    return int(found["floor"]), found["before"] + found["door"]


def chart_of(database: Database, building: int, now: datetime) -> Chart | None:
    """The chart of a building by its number; None when there is no such building."""
    with database.read() as session:
        house = session.get(BuildingRow, building)
        if house is None:
            return None
        units = select(UnitRow.id, UnitRow.name).where(UnitRow.building_id == building)
        homes = {number: Home(name) for number, name in session.execute(units).all()}
        people = (
            select(HouseholdRow.unit_id, PersonRow)
            .join(PersonRow, PersonRow.household_id == HouseholdRow.id)
            .join(UnitRow, UnitRow.id == HouseholdRow.unit_id)
            .where(UnitRow.building_id == building, PersonRow.active.is_(True))
            .order_by(HouseholdRow.label, PersonRow.birth_year, PersonRow.id)
        )
        rows = [(unit, row) for unit, row in session.execute(people).all()]
        faces = set(session.scalars(select(TemplateRow.person_id).distinct()))
        refused = answered(session, "face", ("refused", "withdrawn"))
        agreed = {
            mark: answered(session, purpose, ("agreed",)) for mark, purpose in _AGREED.items()
        }
    for unit, row in rows:
        no_face = row.id not in faces and row.id not in refused
        own = tuple(mark for mark, people_of_it in agreed.items() if row.id in people_of_it)
        marks = marks_of(row, now, no_face=no_face, agreed=own)
        homes[unit].people.append(Dweller(row.id, row.name, row.kind, marks))
    return _laid_out(house.name, list(homes.values()))


def marks_of(
    row: PersonRow, now: datetime, *, no_face: bool, agreed: tuple[Mark, ...] = ()
) -> tuple[Mark, ...]:
    """The marks of somebody, the most urgent first; ``agreed``: those they agreed to."""
    until = row.valid_until
    ended = until is not None and until <= now
    soon = until is not None and now < until <= now + SOON
    said = (
        (Mark.HELP, Mark.HELP in agreed),
        (Mark.BLOCKED, row.blocked),
        (Mark.ENDED, ended),
        (Mark.ENDS_SOON, soon),
        (Mark.NO_FACE, no_face),
        (Mark.ALONE, Mark.ALONE in agreed),
        (Mark.MISSED, Mark.MISSED in agreed),
    )
    return tuple(mark for mark, given in said if given)


def answered(session: Session, purpose: str, answers: tuple[str, ...]) -> set[int]:
    """Whose newest answer to a question is one of ``answers``."""
    newest = select(func.max(ConsentRow.id)).where(ConsentRow.purpose == purpose)
    query = select(ConsentRow.person_id).where(
        ConsentRow.id.in_(newest.group_by(ConsentRow.person_id)), ConsentRow.answer.in_(answers)
    )
    return set(session.scalars(query))


def _laid_out(building: str, homes: list[Home]) -> Chart:
    floors: dict[int, dict[str, list[Home]]] = {}
    others = []
    for home in sorted(homes, key=lambda home: natural_key(home.unit)):
        place = place_of(home.unit)
        if place is not None:
            floors.setdefault(place[0], {}).setdefault(place[1], []).append(home)
        elif home.people:
            others.append(home)
    doors = sorted({door for row in floors.values() for door in row}, key=natural_key)
    return Chart(building, doors, sorted(floors.items(), reverse=True), others)
