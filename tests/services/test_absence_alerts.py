"""An elder who opted in to absence alerts, over days, restarts and broken cameras."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.events.event import Event
from gate.services.absence_alerts import EVERY, AbsenceAlerts
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import PersonRow

START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


class House:
    def __init__(self, store: Store, hours: float = 24.0) -> None:
        self.store, self.events, self.now = store, [], START
        self.missing = AbsenceAlerts(store, "gate-1", hours, self.events.append)

    events: list[Event]

    def live(self, hours: float, *, able: bool = True) -> None:
        """The gate runs for so long, looking every minute."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.now += EVERY
            self.missing.look(self.now, able)

    def down(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @property
    def reported(self) -> list[str]:
        return [e.type.removeprefix("person.") for e in self.events]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path) as opened:
        yield opened


@pytest.fixture
def elder(store: Store) -> PersonRow:
    person = store.people.create("陈奶奶")
    store.consents.record(person.id, "agreed", "v1", purpose="not_seen", at=START)
    return person


@pytest.fixture
def house(store: Store, elder: PersonRow) -> House:
    house = House(store, hours=2.0)
    house.missing.look(START, True)
    house.missing.saw(elder.id, START)
    return house


@pytest.mark.slow
def test_staff_are_reported_once_and_being_seen_ends_it(house: House, elder: PersonRow) -> None:
    house.live(1.9)
    assert house.reported == []
    house.live(1.0)
    assert house.reported == ["not_seen"]
    assert house.events[0].person == elder.ref
    assert house.events[0].details == {"hours": 2.0}
    house.missing.saw(elder.id, house.now)
    assert house.reported == ["not_seen", "not_seen_ended"]


@pytest.mark.slow
def test_it_is_remembered_over_a_restart(house: House, store: Store) -> None:
    house.live(2.5)
    again = House(store, hours=2.0)
    again.now = house.now
    again.live(0.5)
    assert again.reported == []


@pytest.mark.slow
def test_a_gate_that_was_down_or_blind_does_not_know(house: House) -> None:
    house.live(1.0)
    house.down(5.0)
    house.live(0.9)
    assert house.reported == []
    house.live(3.0, able=False)
    assert house.reported == []
    house.live(0.3)
    assert house.reported == ["not_seen"]


@pytest.mark.slow
def test_an_acknowledgement_is_written_with_its_name(house: House, elder: PersonRow) -> None:
    house.live(2.5)
    house.missing.acknowledge(elder.id, "chen", house.now)
    assert house.events[-1].details == {"by": "chen"}
    house.live(1.5)
    assert len(house.events) == 2


@pytest.mark.slow
def test_travel_pauses(house: House, elder: PersonRow) -> None:
    house.missing.pause(elder.id, house.now + timedelta(hours=10), house.now)
    house.live(9)
    assert house.reported == []


@pytest.mark.slow
def test_who_withdraws_or_never_agreed_is_not_watched(house: House, store: Store) -> None:
    other = store.people.create("别人")
    house.missing.saw(other.id, house.now)
    assert store.key_values.get(f"not_seen:{other.id}") is None
    elder = next(iter(house.missing.watched(house.now)))
    store.consents.record(elder, "withdrawn", "v1", purpose="not_seen")
    house.live(3.0)
    assert house.reported == []


def test_a_deleted_person_is_forgotten(house: House, store: Store, elder: PersonRow) -> None:
    assert store.key_values.get(f"not_seen:{elder.id}")
    house.missing.forget(elder.id)
    assert store.key_values.get(f"not_seen:{elder.id}") == {}


def test_switched_off_nothing_is_kept(store: Store, elder: PersonRow) -> None:
    house = House(store, hours=0)
    house.live(0.1)
    house.missing.saw(elder.id, house.now)
    assert store.key_values.get(f"not_seen:{elder.id}") is None
