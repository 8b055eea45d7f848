"""Events of a run from memory, taken over by the next start: none twice, none misnumbered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.events.event import Event
from gate.store import memory_events
from gate.store.engine import Database
from gate.store.memory_copy import copy_register
from gate.store.settings import StoreSettings
from gate.store.store import Store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RECEIVERS = ("mqtt", "webhook")


def event(n: int, type: str = "door.unlocked") -> Event:
    return Event.make("north", type, NOON + timedelta(seconds=n))


def opened(folder: Path, key: Path) -> Store:
    settings = StoreSettings(ballast=0, key=key)
    return Store.open(settings, folder, receivers=RECEIVERS)


def in_memory(disk: Path, folder: Path, events: list[Event]) -> Path:
    """A run from memory that recorded ``events``, the first of which the broker has."""
    folder.mkdir()
    copy_register(disk / "gate.db", folder / "gate.db")
    with opened(folder, disk / "gate.key") as store:
        memory_events.begin(store)
        first, *_ = store.events.append(events)
        assert first.sequence is not None
        store.outbox.delivered("north", "mqtt", [first.sequence])
    return folder / "gate.db"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    with opened(tmp_path / "disk", tmp_path / "disk" / "gate.key") as store:
        store.events.append([event(0), event(1)])
        store.outbox.delivered("north", "mqtt", [1, 2])
    return tmp_path / "disk"


@pytest.fixture
def kept(disk: Path, tmp_path: Path) -> Path:
    """The file of a run that recorded two events."""
    copy = in_memory(disk, tmp_path / "memory", [event(2), event(3)])
    assert memory_events.keep(copy, tmp_path / "kept") == 2
    return tmp_path / "kept"


@pytest.fixture
def store(disk: Path) -> Iterator[Store]:
    with opened(disk, disk / "gate.key") as found:
        yield found


def test_they_keep_their_numbers_and_whoever_lacks_them_gets_them(store: Store, kept: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    (epoch, last) = store.events.series()["north"]
    assert memory_events.take_over(store, kept) == 2
    assert not kept.exists()
    bodies = [row.body for row in reversed(store.events.search(gate="north"))]
    assert [body["sequence"] for body in bodies] == [1, 2, 3, 4]
    assert bodies[2]["epoch"] == bodies[3]["epoch"] > epoch
    # the broker has the first of them; the web address has not even those of before
    waiting = {name: store.outbox.next("north", name) for name in RECEIVERS}
    assert [body["sequence"] for body in waiting["mqtt"]] == [4]
    assert [body["sequence"] for body in waiting["webhook"]] == [1, 2, 3, 4]
    [after] = store.events.append([event(5)])
    assert after.sequence == last + 3
    assert after.epoch is not None
    assert after.epoch > bodies[3]["epoch"]  # the receivers' newest series


def test_two_runs_in_one_second_number_in_different_epochs(disk: Path, tmp_path: Path) -> None:
    """A box without a clock begins each start at the same time."""
    epochs = set()
    for n in range(3):
        copy = in_memory(disk, tmp_path / f"memory-{n}", [event(2)])
        with closing(Database(f"sqlite:///{copy}")) as database, database.connect() as connection:
            found = connection.exec_driver_sql("SELECT max(epoch) FROM sequences").scalar()
            epochs.add(found)
    assert len(epochs) == 3


def test_where_the_register_has_come_further_they_get_new_numbers(store: Store, kept: Path) -> None:
    store.events.append([event(4, "command.done")])
    assert memory_events.take_over(store, kept) == 2
    rows = list(reversed(store.events.search(gate="north")))
    found = sorted((row.sequence, row.body["sequence"], row.type) for row in rows)
    assert found == [
        (1, 1, "door.unlocked"),
        (2, 2, "door.unlocked"),
        (3, 3, "command.done"),
        (4, 4, "door.unlocked"),
        (5, 5, "door.unlocked"),
    ]
    assert [body["sequence"] for body in store.outbox.next("north", "mqtt")] == [3, 5]


def test_what_is_there_already_is_not_written_twice(store: Store, kept: Path) -> None:
    again = kept.read_bytes()
    assert memory_events.take_over(store, kept) == 2
    kept.write_bytes(again)  # the power failed before the file was removed
    assert memory_events.take_over(store, kept) == 0
    assert store.events.count() == 4


def test_a_run_whose_events_were_kept_twice_has_them_once(
    store: Store, kept: Path, tmp_path: Path
) -> None:
    """Killed after they were kept and before its copy was removed, it is settled once more."""
    assert memory_events.keep(tmp_path / "memory" / "gate.db", kept) == 2
    assert memory_events.take_over(store, kept) == 2
    assert store.events.count() == 4


def test_a_second_run_adds_to_the_first(disk: Path, kept: Path, tmp_path: Path) -> None:
    copy = in_memory(disk, tmp_path / "again", [event(7)])
    assert memory_events.keep(copy, kept) == 1
    with opened(disk, disk / "gate.key") as store:
        assert memory_events.take_over(store, kept) == 3


def test_a_register_that_refuses_leaves_the_file(
    store: Store, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(memory_events, "_write", refuse)
        with pytest.raises(StoreError, match="full"):
            memory_events.take_over(store, kept)
    assert memory_events.take_over(store, kept) == 2


@pytest.mark.parametrize("content", [b"", b"{torn", b'{"event": 1}\n{'])
def test_a_file_that_cannot_be_read_keeps_no_gate_from_starting(
    store: Store, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "kept").write_bytes(content)
    assert memory_events.take_over(store, tmp_path / "kept") == 0
    assert memory_events.take_over(store, tmp_path / "nowhere") == 0
    assert store.events.count() == 2


def test_a_copy_that_was_not_begun_has_nothing(disk: Path, tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    copy_register(disk / "gate.db", tmp_path / "memory" / "gate.db")
    assert memory_events.keep(tmp_path / "memory" / "gate.db", tmp_path / "kept") == 0
    assert not (tmp_path / "kept").exists()
