"""Homes an import made go with its undo, unless somebody uses them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from gate.importing import made_homes
from gate.importing.photos import NoPhotos
from gate.importing.run import BATCH, run
from gate.importing.undo import look, undo
from gate.importing.wrong import Line
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import BuildingRow, GateRow, HouseholdRow, ImportRow, PermitRow, UnitRow

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


def carried_out(store, *homes):
    with store.database.write() as session:
        row = ImportRow(name="x", state="done")
        session.add(row)
        session.flush()
        job = row.id
    lines = [
        Line(place, {"name": f"Li {place}", "building": building, "unit": unit})
        for place, (building, unit) in enumerate(homes, 2)
    ]
    list(run(store, job, lines, NoPhotos(), None, by="clerk"))
    return job


def undone(store, job):
    return list(undo(store, job, "manager"))


def homes(store):
    with store.database.read() as session:
        rows = session.execute(
            select(BuildingRow.name, UnitRow.name, HouseholdRow.label)
            .outerjoin(UnitRow, UnitRow.building_id == BuildingRow.id)
            .outerjoin(HouseholdRow, HouseholdRow.unit_id == UnitRow.id)
        )
        return {tuple(row) for row in rows}


def noted(store):
    return store.key_values.beginning("import.homes:")


def test_flats_and_buildings_go_with_the_people_who_lived_there(store):
    store.places.household("9", "101")
    job = carried_out(store, ("3", "501"), ("3", "501"), ("3", "502"), ("9", "101"), ("9", "102"))
    found = look(store, job)
    assert (len(found.gone), found.homes) == (5, 3)
    undone(store, job)
    assert homes(store) == {("9", "101", "")}
    assert noted(store) == {}
    assert look(store, job).homes == 0


def lives_there(store, home):
    store.people.create("Wu", household_id=home)


def has_a_permit(store, home):
    other = store.people.create("Wu")
    with store.database.write() as session:
        permit = PermitRow(person_id=other.id, household_id=home, valid_from=NOW, valid_until=NOW)
        session.add(permit)


def may_have_permits(store, home):
    store.places.allow_permits(home, 3)


@pytest.mark.parametrize("uses", [lives_there, has_a_permit, may_have_permits])
def test_a_home_somebody_uses_stays(store, uses):
    job = carried_out(store, ("3", "501"), ("3", "502"))
    uses(store, store.places.household("3", "501").id)
    assert look(store, job).homes == 1
    undone(store, job)
    assert homes(store) == {("3", "501", "")}


def test_a_flat_with_another_household_stays_and_so_does_a_building_a_gate_names(store):
    job = carried_out(store, ("3", "501"), ("4", "501"), ("5", "501"))
    store.places.household("3", "501", "west")
    with store.database.write() as session:
        session.add(GateRow(name="north", buildings=["4"]))
    undone(store, job)
    assert homes(store) == {("3", "501", "west"), ("4", None, None)}


def test_the_home_of_somebody_who_moved_within_the_community_goes_too(store):
    job = carried_out(store, ("3", "501"))
    (person,) = look(store, job).gone
    store.people.update(person, household_id=store.places.household("3", "502").id)
    found = look(store, job)
    assert (found.gone, found.homes) == ([], 1)
    undone(store, job)
    assert homes(store) == {("3", "502", "")}


def test_a_stopped_undo_leaves_the_homes_until_the_rest_of_the_people_are_gone(store):
    job = carried_out(store, *[("3", str(number)) for number in range(BATCH + 1)])
    list(undo(store, job, "manager", stop=lambda: True))
    assert len(homes(store)) == BATCH + 1
    assert look(store, job).homes == BATCH + 1
    undone(store, job)
    assert homes(store) == set()


def test_what_a_discarded_import_made_is_no_other_one_s(store):
    job = carried_out(store, ("3", "501"))
    with store.database.write() as session:
        session.execute(delete(ImportRow))
    assert noted(store)
    with store.database.write() as session:  # with the same number again
        session.add(ImportRow(id=job, name="y", state="done"))
    with store.database.read() as session:
        assert made_homes.made_by(session, job).households == set()
    with store.database.write() as session:
        made_homes.forget(session)
    assert noted(store)  # it may be that of an import that is there
    with store.database.write() as session:
        session.execute(delete(ImportRow))
        made_homes.forget(session)
    assert noted(store) == {}
