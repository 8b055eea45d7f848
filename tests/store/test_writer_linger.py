"""Where writing is to be sparing, what only says how a passage went on is written together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.events.event import Event
from gate.store.engine import Database
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.writer import Writer
from tests.waiting import PATIENCE, wait_for

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LONG = 600.0  # seconds nobody waits in these tests


class Counted(Writer):
    """Notes how many events each transaction held."""

    def _append(self, events: list[Event]) -> list[Event]:
        self.__dict__.setdefault("batches", []).append(len(events))
        return super()._append(events)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0, sparing=True), tmp_path) as opened:
        yield opened


def writer(store: Store, linger: float) -> Counted:
    plain = store.writer
    return Counted(store.database, store.events, store.outbox, plain._ballast, linger=linger)


def event(type: str) -> Event:
    return Event.make("north", type, NOW)


def test_they_wait_for_the_next_that_does_not(store: Store) -> None:
    made = writer(store, LONG)
    first = [made.record(event(type)) for type in ("door.unlocked", "door.locked")]
    wait_for(lambda: made.waiting == 0)
    assert not any(future.done() for future in first)
    last = made.record(event("passage.granted"))
    assert [future.result(PATIENCE).sequence for future in (*first, last)] == [1, 2, 3]
    assert made.__dict__["batches"] == [3]
    made.close()


def test_a_decision_is_written_at_once(store: Store) -> None:
    made = writer(store, LONG)
    assert made.record(event("passage.granted")).result(PATIENCE).sequence == 1
    made.close()


def test_the_end_waits_for_nobody(store: Store) -> None:
    made = writer(store, LONG)
    future = made.record(event("passage.ended"))
    wait_for(lambda: made.waiting == 0)
    closing = threading.Thread(target=made.close)
    closing.start()
    assert future.result(PATIENCE).sequence == 1
    closing.join(PATIENCE)
    assert not closing.is_alive()


def test_they_are_written_after_a_while_although_nothing_follows(store: Store) -> None:
    made = writer(store, 0.05)
    assert made.record(event("passage.ended")).result(PATIENCE).sequence == 1
    made.close()


@pytest.mark.parametrize(("sparing", "wanted"), [(True, (1, 8192)), (False, (2, 1000))])
def test_a_sparing_database_does_not_wait_for_the_disk(
    tmp_path: Path, sparing: bool, wanted: tuple[int, int]
) -> None:
    database = Database(f"sqlite:///{tmp_path}/gate.db", sparing=sparing)
    with database.connect(write=False) as connection:
        keys = ("synchronous", "wal_autocheckpoint")
        found = [connection.exec_driver_sql(f"PRAGMA {key}").scalar() for key in keys]
    database.close()
    assert tuple(found) == wanted
