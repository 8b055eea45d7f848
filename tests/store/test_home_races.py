"""Somebody is given a home in the moment in which the undo of an import removes it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select, text

from gate.importing import made_homes
from gate.store.places import NewPlaces
from gate.store.tables import BuildingRow, HouseholdRow, ImportRow, UnitRow
from tests.waiting import eventually

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

    assert eventually(waits, 30)
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
    thread.join(30)
    assert store.places.address(made[0].household_id) == HOME


def test_who_moves_into_a_home_that_is_being_removed_gets_it_anew(store):
    store.places.household(*HOME)
    li = store.people.create("Li").id
    with store.database.write() as session:
        session.execute(delete(HouseholdRow))
        thread = beside(store, lambda: store.people.update(li, home=HOME))
    thread.join(30)
    assert store.places.address(store.people.get(li).household_id) == HOME
    store.people.update(li, home=("", "", ""))
    assert store.people.get(li).household_id is None


@pytest.mark.parametrize("flat", ["501", "502"])
def test_an_undo_waits_for_who_is_given_a_home_and_leaves_it(store, flat):
    """In the same flat another household; or another flat of the same building."""
    made = NewPlaces()
    with store.database.write() as session:
        job = ImportRow(name="x", state="done")
        session.add(job)
        session.flush()
        number = job.id
        store.places.household_in(session, *HOME, made)
        made_homes.note(session, number, made)
    ended = []
    with store.database.write() as session:
        store.places.household_in(session, "3", flat, "Wang")
        thread = beside(store, lambda: ended.append(list(made_homes.remove(store, number))))
    thread.join(30)
    assert ended == [[1]]
    with store.database.read() as session:
        assert list(session.scalars(select(HouseholdRow.label))) == ["Wang"]
        assert list(session.scalars(select(UnitRow.name))) == [flat]
    assert [row.name for row in store.places.buildings()] == ["3"]
