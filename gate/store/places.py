"""Buildings, units, households."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from gate.store.engine import Database, pieces
from gate.store.tables import BuildingRow, HouseholdRow, PermitRow, PersonRow, UnitRow

Query = TypeVar("Query", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class NewPlaces:
    """Ids of the rows that were added, and were not there before."""

    buildings: set[int] = field(default_factory=set)
    units: set[int] = field(default_factory=set)
    households: set[int] = field(default_factory=set)

    @property
    def kinds(self) -> tuple[set[int], set[int], set[int]]:
        return self.buildings, self.units, self.households


class Places:
    def __init__(self, database: Database) -> None:
        self._database = database

    def household(self, building: str, unit: str, label: str = "") -> HouseholdRow:
        """The household of that name, made with its building and unit if it is not there."""
        with self._database.write() as session:
            return self.household_in(session, building, unit, label)

    @staticmethod
    def household_in(
        session: Session,
        building: str,
        unit: str,
        label: str = "",
        made: NewPlaces | None = None,
    ) -> HouseholdRow:
        """The same, in the transaction of what it is for; what is new is added to ``made``.

        What is there already is kept from being removed until the transaction ends.
        """
        made = NewPlaces() if made is None else made
        house = session.scalar(_kept(select(BuildingRow).where(BuildingRow.name == building)))
        if house is None:
            house = BuildingRow(name=building)
            session.add(house)
            session.flush()
            made.buildings.add(house.id)
        flats = select(UnitRow).where(UnitRow.building_id == house.id, UnitRow.name == unit)
        flat = session.scalar(_kept(flats))
        if flat is None:
            flat = UnitRow(building_id=house.id, name=unit)
            session.add(flat)
            session.flush()
            made.units.add(flat.id)
        there = select(HouseholdRow).where(
            HouseholdRow.unit_id == flat.id, HouseholdRow.label == label
        )
        household = session.scalar(_kept(there))
        if household is None:
            household = HouseholdRow(unit_id=flat.id, label=label)
            session.add(household)
            session.flush()
            made.households.add(household.id)
        return household

    @staticmethod
    def remove_unused_names(session: Session, household: int | None = None) -> None:
        """Remove households with a name that nobody belongs to, all or this one: they are often
        named after somebody. One that somebody is being given in this moment stays."""
        row = HouseholdRow
        unused = select(row.id).where(
            row.label != "",
            ~exists().where(PersonRow.household_id == row.id),
            ~exists().where(PermitRow.household_id == row.id),
        )
        if household is not None:
            unused = unused.where(row.id == household)
        for some in pieces(session.scalars(unused).all()):
            of = select(row.id).where(row.id.in_(some)).with_for_update(skip_locked=True)
            held = session.scalars(of).all()  # then asked again: nobody moves in any more
            gone = session.scalars(unused.where(row.id.in_(held))).all()
            session.execute(delete(row).where(row.id.in_(gone)))

    def forget_unused_names(self) -> None:
        """Once an hour: those whose people have moved elsewhere."""
        with self._database.write() as session:
            self.remove_unused_names(session)

    def address(self, household: int) -> tuple[str, str, str]:
        """Building, unit and label of a household; empty when there is none."""
        with self._database.read() as session:
            row = session.execute(
                select(BuildingRow.name, UnitRow.name, HouseholdRow.label)
                .join(UnitRow, UnitRow.building_id == BuildingRow.id)
                .join(HouseholdRow, HouseholdRow.unit_id == UnitRow.id)
                .where(HouseholdRow.id == household)
            ).first()
            return (row[0], row[1], row[2]) if row else ("", "", "")

    def allow_permits(self, household: int, count: int | None) -> None:
        """Visitor permits it may have valid at one time; None: as the configuration says."""
        with self._database.write() as session:
            row = session.get(HouseholdRow, household)
            if row is not None:
                row.permits = count

    def buildings(self) -> list[BuildingRow]:
        with self._database.read() as session:
            return list(session.scalars(select(BuildingRow).order_by(BuildingRow.name)))

    def units(self, building: int) -> list[UnitRow]:
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(UnitRow).where(UnitRow.building_id == building).order_by(UnitRow.name)
                )
            )


def _kept(query: Query) -> Query:
    """Rows that nobody deletes until the transaction ends; who is deleting them is waited for."""
    return query.with_for_update(read=True, key_share=True)


def with_place(query: Query) -> Query:
    """A query of people, with the columns of their household, unit and building beside them; NULL
    for whoever lives nowhere here."""
    return (
        query.outerjoin(HouseholdRow, HouseholdRow.id == PersonRow.household_id)
        .outerjoin(UnitRow, UnitRow.id == HouseholdRow.unit_id)
        .outerjoin(BuildingRow, BuildingRow.id == UnitRow.building_id)
    )
