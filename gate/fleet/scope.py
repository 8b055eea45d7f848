"""Who belongs on which gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from gate.store.store import Store
from gate.store.tables import BuildingRow, GateRow, HouseholdRow, PersonRow, UnitRow


@dataclass(frozen=True, slots=True)
class Scope:
    """Who belongs on a gate's box; with both empty everybody."""

    buildings: frozenset[str]
    groups: frozenset[str]

    @classmethod
    def of(cls, gate: GateRow | None) -> Scope:
        if gate is None:
            return cls(frozenset(), frozenset())
        return cls(frozenset(gate.buildings), frozenset(gate.groups))

    def holds(self, building: str, groups: Iterable[str]) -> bool:
        if not self.buildings and not self.groups:
            return True
        return building in self.buildings or not self.groups.isdisjoint(groups)


def people_in(store: Store, scope: Scope) -> list[int]:
    """The numbers of everybody who belongs on a box of this scope. Raises StoreError."""
    query = (
        select(PersonRow.id, PersonRow.groups, BuildingRow.name)
        .outerjoin(HouseholdRow, HouseholdRow.id == PersonRow.household_id)
        .outerjoin(UnitRow, UnitRow.id == HouseholdRow.unit_id)
        .outerjoin(BuildingRow, BuildingRow.id == UnitRow.building_id)
    )
    with store.database.read() as session:
        rows = session.execute(query).all()
    return [id for id, groups, building in rows if scope.holds(building or "", groups)]
