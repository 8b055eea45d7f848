"""Events: numbered without gaps, written once, kept when the process or the disk dies."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gate.errors import StoreError
from gate.events.event import Event
from gate.store.ballast import Ballast
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import EventRow
from tests.store.databases import ON_FILES
from tests.waiting import PATIENCE, wait_for
from tests.warm import Task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def event(n: int = 0, gate: str = "north", **fields: object) -> Event:
    return Event.make(gate, "passage.granted", NOON + timedelta(seconds=n), **fields)


def test_event_and_outbox_row_are_one_transaction(store: Store) -> None:
    written = store.events.append([event(n) for n in range(3)])
    assert [e.sequence for e in written] == [1, 2, 3]
    assert [body["sequence"] for body in store.outbox.next("north", "mqtt")] == [1, 2, 3]
    with pytest.raises(StoreError):
        store.events.append([event(4), written[0]])  # the second has an id that is there
    assert store.events.last_sequence("north") == 3
    assert store.outbox.waiting("north", "mqtt") == 3


def test_each_gate_counts_for_itself(store: Store) -> None:
    store.events.append([event(gate="north"), event(gate="south"), event(gate="north")])
    assert store.events.last_sequence("north") == 2
    assert store.events.last_sequence("south") == 1


@ON_FILES
def test_events_are_written_once(tmp_path: Path, store: Store) -> None:
    store.events.append([event()])
    with (
        sqlite3.connect(tmp_path / "gate.db") as connection,
        pytest.raises(sqlite3.IntegrityError, match="written once"),
    ):
        connection.execute("UPDATE events SET decision = 'grant'")


def test_the_outbox_hands_out_what_is_not_delivered(store: Store) -> None:
    store.events.append([event(n) for n in range(5)])
    store.outbox.delivered("north", "mqtt", [1, 3])
    assert [b["sequence"] for b in store.outbox.next("north", "mqtt", limit=2)] == [2, 4]
    assert [b["sequence"] for b in store.outbox.next("north", "mqtt", after=4)] == [5]
    assert store.outbox.again("north", "mqtt", 1, 2) == 1
    assert store.outbox.waiting("north", "mqtt") == 4


@pytest.mark.slow
def test_a_full_outbox_drops_its_oldest_and_says_so(store: Store) -> None:
    store.outbox.capacity = 200
    for start in range(0, 260, 20):
        futures = [store.writer.record(event(start + n)) for n in range(20)]
        futures[-1].result(PATIENCE)
    with store.database.read() as session:
        reported = session.query(EventRow).where(EventRow.type == "outbox.dropped").all()
    gone = sum(row.body["details"]["count"] for row in reported)
    assert gone > 0
    assert reported[0].body["details"]["first"] == 1
    assert store.outbox.waiting("north", "mqtt") == 260 + len(reported) - gone
    assert store.events.count() == 260 + len(reported)  # nothing left the table itself


def test_old_events_go_only_when_delivered(store: Store) -> None:
    store.events.append([event(n) for n in range(4)])
    store.outbox.delivered("north", "mqtt", [1, 2])
    assert store.events.forget_before(NOON + timedelta(days=1)) == 2
    assert store.events.append([event()])[0].sequence == 5


def test_search_pages_newest_first(store: Store) -> None:
    store.events.append([event(n, person="p" if n % 2 else None) for n in range(10)])
    first = store.events.search(limit=4)
    rest = store.events.search(limit=9, before=(first[-1].time, first[-1].sequence))
    assert [row.sequence for row in first + rest] == list(range(10, 0, -1))
    assert len(store.events.search(person="p")) == 5
    assert store.events.search(types=["door.forced"]) == []


def test_the_writer_gives_the_event_back_numbered(store: Store) -> None:
    futures = [store.writer.record(event(n)) for n in range(500)]
    assert [f.result(PATIENCE).sequence for f in futures] == list(range(1, 501))


def test_the_same_event_twice_harms_no_other(store: Store) -> None:
    same = event()
    futures = [store.writer.record(e) for e in (event(1), same, event(2), same, event(3))]
    done = [f.exception(PATIENCE) is None for f in futures]
    assert done == [True, True, True, False, True]
    assert store.events.last_sequence("north") == 4


@ON_FILES
def test_a_locked_database_delays_and_is_reported(tmp_path: Path, store: Store) -> None:
    other = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    store.writer.record(event()).result(PATIENCE)
    other.execute("BEGIN IMMEDIATE")
    future = store.writer.record(event(1))
    wait_for(lambda: store.writer.fault is not None)
    assert not future.done()
    other.execute("ROLLBACK")
    assert future.result(PATIENCE).sequence == 2
    assert [row.type for row in store.events.search(limit=1, types=["store.back"])]
    assert store.writer.fault is None


def test_more_than_memory_holds_is_counted_and_reported(tmp_path: Path) -> None:
    settings = StoreSettings(ballast=0, busy_timeout=0.2, queue=100)
    with Store.open(settings, tmp_path) as store:
        other = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        futures = [store.writer.record(event(n)) for n in range(600)]
        other.execute("ROLLBACK")
        lost = sum(f.exception(PATIENCE) is not None for f in futures)
        assert lost > 0
        store.writer.record(event()).result(PATIENCE)
        reported = store.events.search(types=["store.lost"])
        assert sum(row.body["details"]["count"] for row in reported) == lost
        assert store.events.count() == 600 - lost + 1 + len(
            store.events.search(types=["store.lost", "store.back"])
        )


def _record(folder: Path) -> None:
    """In a process of its own, until it is killed: what is on the disk."""
    store = Store.open(StoreSettings(ballast=0), folder, receivers=("mqtt",))
    while True:
        done = store.writer.record(event()).result()
        print(done.id, done.sequence, flush=True)


@pytest.mark.parametrize("wait", [0.02, 0.11, 0.23])
@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(
    tmp_path: Path, settings: StoreSettings, wait: float
) -> None:
    said = []
    for turn in range(2):
        out = tmp_path / f"said{turn}"
        child = Task(_record, tmp_path, out=out)
        wait_for(child.says)
        time.sleep(wait)
        child.kill()
        child.wait()
        said += out.read_text().splitlines()
    acknowledged = dict(line.split() for line in said if len(line.split()) == 2)
    with Store.open(settings, tmp_path) as store, store.database.read() as session:
        kept = {row.id: row.sequence for row in session.query(EventRow)}
        waiting = {b["id"]: b["sequence"] for b in store.outbox.next("north", "mqtt", limit=10**6)}
    assert len(acknowledged) > 1
    assert {id: int(n) for id, n in acknowledged.items()}.items() <= kept.items()
    assert sorted(kept.values()) == list(range(1, len(kept) + 1))
    assert waiting == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
@pytest.mark.slow
def test_a_full_disk_loses_no_event(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        with Store.open(StoreSettings(ballast=1), disk, receivers=("mqtt",)) as store:
            store.writer.record(event()).result(PATIENCE)
            assert (disk / "gate.ballast").exists()
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            big = {"text": "x" * 2000}
            futures = [store.writer.record(event(n, details=big)) for n in range(3000)]
            end = time.monotonic() + PATIENCE
            while (disk / "gate.ballast").exists() and time.monotonic() < end:
                time.sleep(0.02)
            while store.writer.fault is None and time.monotonic() < end:
                time.sleep(0.02)
            assert store.writer.fault is not None
            assert "disk is full" in store.writer.fault.what
            assert not (disk / "gate.ballast").exists()
            while not any(f.done() for f in futures[:256]) and time.monotonic() < end:
                time.sleep(0.02)
            assert any(future.done() for future in futures[:256])  # the ballast's room was used
            filler.unlink()
            sequences = [future.result(PATIENCE).sequence for future in futures]
            assert sequences == sorted(set(sequences))  # type: ignore[type-var]
            assert store.events.search(types=["store.back"])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_the_writer_outlives_a_disk_that_fails_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        really, usage = store.events.append_in, shutil.disk_usage

        def append_in(session: Session, events: list[Event]) -> list[Event]:
            if failing:
                raise OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))
            return really(session, events)

        def disk_usage(path: Path) -> object:
            if failing:
                raise OSError(errno.EIO, "Input/output error")
            return usage(path)

        monkeypatch.setattr(store.events, "append_in", append_in)
        monkeypatch.setattr(shutil, "disk_usage", disk_usage)
        waiting = store.writer.record(event(1))
        wait_for(lambda: store.writer.fault is not None)
        failing = False
        assert waiting.result(PATIENCE).sequence == 1
        assert store.writer.record(event(2)).result(PATIENCE).sequence
        assert store.writer.fault is None


def test_the_writer_outlives_what_nobody_foresaw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        really, calls = store.events.append_in, []

        def append_in(session: Session, events: list[Event]) -> list[Event]:
            calls.append(1)
            if len(calls) == 1:
                raise ZeroDivisionError
            return really(session, events)

        monkeypatch.setattr(store.events, "append_in", append_in)
        assert store.writer.record(event(1)).result(PATIENCE).sequence == 1


def test_a_ballast_left_empty_by_a_power_cut_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "ballast"
    file.touch()
    Ballast(file, 4096)
    assert file.stat().st_size == 4096


def test_retention_deletes_in_pieces_and_keeps_what_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.store.events._PIECE", 7)
    monkeypatch.setattr("gate.store.events._PAUSE", 0.0)
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    times = [noon + timedelta(seconds=n // 20) for n in range(100)]  # 20 of the very same time
    events = [Event.make("north", "door.opened", time) for time in times]
    written = store.events.append(events)
    kept = [int(event.sequence or 0) for event in written if event.sequence in (1, 30, 100)]
    store.outbox.delivered("north", "mqtt", [n for n in range(1, 101) if n not in kept])
    begun: list[int] = []

    @contextmanager
    def counted() -> Iterator[Any]:
        with type(store.database).write(store.database) as session:
            begun.append(1)
            yield session

    monkeypatch.setattr(store.database, "write", counted)
    assert store.events.forget_before(noon + timedelta(seconds=4)) == 78
    assert len(begun) > 4, "one long transaction keeps everybody else out"
    monkeypatch.undo()
    left = [row.sequence for row in store.events.search(limit=100)]
    assert sorted(left) == [1, 30, *range(81, 101)]
