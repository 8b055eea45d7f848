"""A home as the register writes it: where it has a building 3, 3号楼 is that, and 2-501 is its flat
2单元501. Otherwise one home would be there twice, with a part of its people in each."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.importing.homes import home_key, unit_key
from gate.store.tables import BuildingRow, UnitRow


def building_of(session: Session, building: str) -> str:
    """The name of the one building that is meant; as written where none is, or several may be."""
    names = set(session.scalars(select(BuildingRow.name)))
    if building in names:
        return building
    key = home_key(building, "")[0]
    alike = [name for name in names if home_key(name, "")[0] == key]
    return alike[0] if len(alike) == 1 else building


def unit_in(session: Session, building: str, unit: str) -> str:
    """The name of the one flat of a building that is meant; as written as above."""
    units = session.scalars(
        select(UnitRow.name).join(BuildingRow).where(BuildingRow.name == building)
    ).all()
    if unit in units:
        return unit
    there = [name for name in units if unit_key(name) == unit_key(unit)]
    return there[0] if len(there) == 1 else unit
