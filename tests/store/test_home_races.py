"""Somebody is given a home in the moment in which the undo of an import removes it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select, text

from gate.importing import made_homes
from gate.store.places import NewPlaces
from gate.store.tables import BuildingRow, HouseholdRow, ImportRow, UnitRow
from tests.waiting import PATIENCE, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("store", ["postgresql"], indirect=True),  # SQLite lets one write
]
HOME = ("3", "501", "")
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def beside(store, work):
    """A thread at ``work``, once it waits for a lock of the database."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def waits():
        with store.database.connect() as connection:
            return connection.execute(WAITING).scalar() == 1

    assert eventually(waits)
    return thread


@pytest.mark.parametrize("gone", [HouseholdRow, UnitRow, BuildingRow])
def test_who_is_given_a_home_that_is_being_removed_gets_it_anew(store, gone):
    store.places.household(*HOME)
    made = []
    with store.database.write() as session:
        for table in (HouseholdRow, UnitRow, BuildingRow):
            session.execute(delete(table))
            if table is gone:
                break
        thread = beside(store, lambda: made.append(store.people.create("Li", home=HOME)))
    thread.join(PATIENCE)
    assert store.places.address(made[0].household_id) == HOME


def test_who_moves_into_a_home_that_is_being_removed_gets_it_anew(store):
    store.places.household(*HOME)
    li = store.people.create("Li").id
    with store.database.write() as session:
        session.execute(delete(HouseholdRow))
        thread = beside(store, lambda: store.people.update(li, home=HOME))
    thread.join(PATIENCE)
    assert store.places.address(store.people.get(li).household_id) == HOME
    store.people.update(li, home=("", "", ""))
    assert store.people.get(li).household_id is None


def imported(store):
    """The number of an import that made the home."""
    made = NewPlaces()
    with store.database.write() as session:
        job = ImportRow(name="x", state="done")
        session.add(job)
        session.flush()
        store.places.household_in(session, *HOME, made)
        made_homes.note(session, job.id, made)
        return job.id


def undone(store, job):
    """How many homes an undo removes, beside a transaction that it does not wait for."""
    ended = []
    thread = threading.Thread(
        target=lambda: ended.extend(made_homes.remove(store, job)), daemon=True
    )
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the undo waits"
    return sum(ended)


@pytest.mark.parametrize("flat", ["501", "502"])
def test_an_undo_leaves_the_home_somebody_is_being_given(store, flat):
    """In the same flat another household; or another flat of the same building."""
    job = imported(store)
    with store.database.write() as session:
        store.places.household_in(session, "3", flat, "Wang")
        assert undone(store, job) == 1
    with store.database.read() as session:
        assert list(session.scalars(select(HouseholdRow.label))) == ["Wang"]
        assert list(session.scalars(select(UnitRow.name))) == [flat]
    assert [row.name for row in store.places.buildings()] == ["3"]


def test_an_undo_leaves_the_household_somebody_is_being_given(store):
    job = imported(store)
    with store.database.write() as session:
        home = store.places.household_in(session, *HOME).id
        assert undone(store, job) == 0
    assert store.places.address(home) == HOME


def test_who_holds_the_building_and_then_asks_for_the_flat_does_not_wait_in_a_circle(store):
    job = imported(store)
    with store.database.write() as session:
        building = select(BuildingRow.id).with_for_update(read=True, key_share=True)
        assert session.execute(building).all()
        undone(store, job)
        home = store.places.household_in(session, *HOME).id
    assert store.places.address(home) == HOME
