"""Homes that an import made: noted as it makes them, so that they can go when it is undone.

A home goes only when nobody lives there, no permit is one of its visitor permits and nobody set
how many it may have; a building also not while the scope of a gate names it. Neither does one that
a transaction holds at that moment, which gives it to somebody: nothing is waited for here, so
whoever holds several homes and asks for more never waits in a circle with this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gate.store.engine import pieces
from gate.store.key_value import beginning_in, set_in
from gate.store.places import NewPlaces
from gate.store.store import Store
from gate.store.tables import (
    BuildingRow,
    GateRow,
    HouseholdRow,
    ImportRow,
    KeyValueRow,
    PermitRow,
    PersonRow,
    UnitRow,
)

_KEY = "import.homes:"
_PIECE = 500  # homes in one transaction


def note(session: Session, job: int, made: NewPlaces) -> None:
    """Keep what an import made in this transaction; every row is made once."""
    if any(made.kinds):
        named = zip("buh", made.kinds, strict=True)
        first = next(f"{kind}{min(rows)}" for kind, rows in named if rows)
        value = {"at": _begun(session, job), "made": [sorted(rows) for rows in made.kinds]}
        set_in(session, f"{_KEY}{job}:{first}", value)
        for rows in made.kinds:
            rows.clear()


def made_by(session: Session, job: int) -> NewPlaces:
    """What an import made and is not gone yet."""
    made = NewPlaces()
    begun = _begun(session, job)
    for value in beginning_in(session, f"{_KEY}{job}:").values():
        if value["at"] == begun:  # not that of a discarded one with the same number
            for rows, more in zip(made.kinds, value["made"], strict=True):
                rows.update(more)
    return made


def unused(session: Session, homes: Collection[int], going: Collection[int] = ()) -> set[int]:
    """Households that nobody uses once the people ``going`` are gone."""
    found: set[int] = set()
    gone = set(going)
    for some in pieces(sorted(homes)):
        there = select(HouseholdRow.id).where(
            HouseholdRow.id.in_(some), HouseholdRow.permits.is_(None)
        )
        found |= set(session.scalars(there))
        for table, person in ((PersonRow, PersonRow.id), (PermitRow, PermitRow.person_id)):
            users = select(table.household_id, person).where(table.household_id.in_(some))
            found -= {home for home, user in session.execute(users) if user not in gone}
    return found


def remove(store: Store, job: int) -> Iterator[int]:
    """Remove what an import made and nobody uses; yields how many homes after each transaction."""
    with store.database.read() as session:
        made = made_by(session, job)
    for some in pieces(sorted(made.households), _PIECE):
        with store.database.write() as session:
            gone = unused(session, _held(session, HouseholdRow.id, some))
            session.execute(delete(HouseholdRow).where(HouseholdRow.id.in_(gone)))
        yield len(gone)
    with store.database.write() as session:
        _remove_empty(session, made)
        noted = list(beginning_in(session, f"{_KEY}{job}:"))
        for keys in pieces(noted):
            session.execute(delete(KeyValueRow).where(KeyValueRow.key.in_(keys)))


def forget(session: Session) -> None:
    """Drop what is noted of imports that are not there any more."""
    jobs = {str(job) for job in session.scalars(select(ImportRow.id))}
    keys = [key for key in beginning_in(session, _KEY) if key.split(":")[1] not in jobs]
    for some in pieces(keys):
        session.execute(delete(KeyValueRow).where(KeyValueRow.key.in_(some)))


def _remove_empty(session: Session, made: NewPlaces) -> None:
    """Flats without a household, then buildings without a flat, among those that were made.

    Each is looked at once it is locked: nobody is given a home there meanwhile.
    """
    for some in pieces(sorted(made.units)):
        held = _held(session, UnitRow.id, some)
        full = exists().where(HouseholdRow.unit_id == UnitRow.id)
        session.execute(delete(UnitRow).where(UnitRow.id.in_(held), ~full))
    named = {name for gate in session.scalars(select(GateRow)) for name in gate.buildings}
    for some in pieces(sorted(made.buildings)):
        held = _held(session, BuildingRow.id, some)
        full = exists().where(UnitRow.building_id == BuildingRow.id)
        session.execute(
            delete(BuildingRow).where(
                BuildingRow.id.in_(held), BuildingRow.name.not_in(named), ~full
            )
        )


def _held(session: Session, column: InstrumentedAttribute[int], ids: list[int]) -> list[int]:
    """Those of ``ids`` that nobody else holds, kept from others until the transaction ends."""
    query = select(column).where(column.in_(ids)).with_for_update(skip_locked=True)
    return list(session.scalars(query))


def _begun(session: Session, job: int) -> str:
    at = session.scalar(select(ImportRow.at).where(ImportRow.id == job))
    return at.isoformat() if at else ""
