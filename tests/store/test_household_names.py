"""A household is often named after its head (户名): the name goes with the last who lives there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import HouseholdRow, PermitRow

NAME = "Unverwechselbar"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


def labels(store: Store) -> list[str]:
    with store.database.read() as session:
        return list(session.scalars(select(HouseholdRow.label).order_by(HouseholdRow.label)))


def in_files(folder: Path) -> bool:
    return any(NAME.encode() in path.read_bytes() for path in folder.glob("gate.db*"))


def test_the_name_of_a_household_goes_with_the_last_who_lives_there(
    store: Store, tmp_path: Path
) -> None:
    home = ("3", "1202", NAME)
    one, other = (store.people.create(name, home=home).id for name in ("A", "B"))
    store.people.delete(one)
    assert labels(store) == [NAME]
    store.people.delete(other)
    assert labels(store) == []
    assert not in_files(tmp_path)


def test_a_household_without_a_name_stays(store: Store) -> None:
    person = store.people.create("A", home=("3", "1202", "")).id
    store.people.delete(person)
    assert labels(store) == [""]


def test_the_name_stays_while_a_visitor_has_a_permit_of_the_household(store: Store) -> None:
    home = ("3", "1202", NAME)
    resident, visitor = store.people.create("A", home=home), store.people.create("V")
    now = datetime.now(UTC)
    with store.database.write() as session:
        until = now + timedelta(hours=1)
        where = {"person_id": visitor.id, "household_id": resident.household_id}
        session.add(PermitRow(valid_from=now, valid_until=until, **where))
    store.people.delete(resident.id)
    assert labels(store) == [NAME]
    store.people.delete(visitor.id)
    store.tidy()
    assert labels(store) == []


def test_the_name_of_a_household_that_all_have_left_goes_within_the_hour(
    store: Store, tmp_path: Path
) -> None:
    person = store.people.create("A", home=("3", "1202", NAME)).id
    store.people.update(person, home=("4", "1", ""))
    assert labels(store) == ["", NAME]
    store.tidy()
    assert labels(store) == [""]
    assert not in_files(tmp_path)


def test_the_same_on_a_database_server(tmp_path: Path, postgresql: str) -> None:
    settings = StoreSettings.model_validate({"url": postgresql, "ballast": 0})
    with Store.open(settings, tmp_path) as server:
        person = server.people.create("A", home=("3", "1202", NAME)).id
        server.people.delete(person)
        assert labels(server) == []
