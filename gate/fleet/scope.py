"""Who belongs on which gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, String, cast, or_, select

from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import BuildingRow, GateRow, PersonRow


@dataclass(frozen=True, slots=True)
class Scope:
    """Who belongs on a gate's box; with both empty everybody."""

    buildings: frozenset[str]
    groups: frozenset[str]

    @classmethod
    def of(cls, gate: GateRow | None) -> Scope:
        if gate is None:
            return EVERYBODY
        return cls(frozenset(gate.buildings), frozenset(gate.groups))

    @property
    def everybody(self) -> bool:
        return not self.buildings and not self.groups

    def holds(self, building: str, groups: Iterable[str]) -> bool:
        return self.everybody or building in self.buildings or not self.groups.isdisjoint(groups)


EVERYBODY = Scope(frozenset(), frozenset())


# somebody's number, groups and building ("" for none)
Placed = tuple[int, list[str], str]


def placed(store: Store) -> list[Placed]:
    """Everybody of the register. Raises StoreError."""
    query = with_place(select(PersonRow.id, PersonRow.groups, BuildingRow.name))
    with store.database.read() as session:
        return [(id, groups, name or "") for id, groups, name in session.execute(query)]


def candidates(scope: Scope) -> Select[int]:
    """A query of the numbers of everybody in a scope, and perhaps of others who are in a group."""
    query = select(PersonRow.id)
    if scope.everybody:
        return query
    there = BuildingRow.name.in_(scope.buildings)
    grouped = cast(PersonRow.groups, String) != "[]"
    return with_place(query).where(or_(there, grouped) if scope.groups else there)


def people_in(register: Iterable[Placed], scope: Scope) -> list[int]:
    """The numbers of everybody who belongs on a box of this scope."""
    return [id for id, groups, building in register if scope.holds(building, groups)]
