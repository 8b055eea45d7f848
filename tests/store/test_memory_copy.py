"""The copy of a register in memory: everything the gate decides by, read without writing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gate.errors import StoreError
from gate.events.event import Event
from gate.recognition.face import Template
from gate.store.memory_copy import EVENTS, copy_register, why_unwritable
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.small_disk import mounted
from tests.warm import Task

pytestmark = pytest.mark.durable

SETTINGS = StoreSettings(ballast=0)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FACE = np.eye(8, dtype=np.float32)[0]


def started(n: int) -> Event:
    return Event.make("north", "gate.started", NOON + timedelta(seconds=n))


def fill(store: Store) -> None:
    person = store.people.create("Li")
    store.credentials.add(person.id, "card", "0000000001")
    store.templates.add(Template(person.id, FACE, "dlib/1"))
    store.events.receivers = ("mqtt",)
    store.events.append([started(n) for n in range(EVENTS + 5)])
    store.orders.give("north", "lockdown", "boss")
    store.orders.give("north", "open", "boss")


def killed_in_the_middle(folder: str) -> None:
    """A register whose last writes are in the journal alone, as a power cut leaves it."""
    store = Store.open(SETTINGS, Path(folder))
    fill(store)
    store.database.wipe()
    store.people.create("Wang")
    os._exit(0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "32m") as where:
        yield where


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path / "memory" / "gate.db"


def opened(copy: Path, disk: Path) -> Store:
    settings = StoreSettings(ballast=0, key=disk / "gate.key")
    return Store.open(settings, copy.parent, create=False)


@pytest.mark.parametrize("index", [True, False])
def test_what_only_the_journal_has_is_in_the_copy(
    disk: Path, copy: Path, tmp_path: Path, index: bool
) -> None:
    assert Task(killed_in_the_middle, str(disk), out=tmp_path / "out").wait(240) == 0
    assert (disk / "gate.db-wal").stat().st_size
    if not index:  # without it SQLite cannot read what it may not write
        (disk / "gate.db-shm").unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    copy_register(disk / "gate.db", copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == ["gate.db"]
    with opened(copy, disk) as store:
        assert {row.name for row in store.people.find()} == {"Li", "Wang"}
        assert store.credentials.find("card", "0000000001") is not None
        [template] = store.templates.of([1], "dlib/1")
        assert np.array_equal(template.vector, FACE)
        assert store.people.create("Zhao").id == 3  # no number is given twice
        assert store.audit.verify() == []


def test_a_register_that_was_closed_is_copied_without_its_old_events_and_orders(
    disk: Path, copy: Path
) -> None:
    with Store.open(SETTINGS, disk) as store:
        fill(store)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    copy_register(disk / "gate.db", copy)
    with opened(copy, disk) as store:
        assert store.events.count() == EVENTS
        assert store.events.last_sequence("north") == EVENTS + 5
        assert store.outbox.waiting("north", "mqtt") == 0  # still on the disk
        assert [row.command for row in store.orders.latest()] == ["lockdown"]
        with pytest.raises(StoreError, match="written once"), store.database.write() as session:
            session.connection().exec_driver_sql("UPDATE events SET type = 'x'")


def test_sessions_imports_and_faces_that_wait_stay_on_the_disk(disk: Path, copy: Path) -> None:
    Store.open(SETTINGS, disk).close()
    tables = ("acknowledgements", "exported", "import_lines", "imports", "looks", "sessions")
    with closing(sqlite3.connect(disk / "gate.db")) as raw, raw:
        for table in tables:
            columns = raw.execute(f"PRAGMA table_info({table})").fetchall()
            raw.execute(f"INSERT INTO {table} VALUES ({', '.join('1' for _ in columns)})")
    copy_register(disk / "gate.db", copy)
    with closing(sqlite3.connect(copy)) as raw:
        for table in tables:
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_a_damaged_register_is_refused_and_leaves_nothing(disk: Path, copy: Path) -> None:
    (disk / "gate.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="damaged"):
        copy_register(disk / "gate.db", copy)
    assert not copy.exists()
    with Store.open(SETTINGS, disk / "other") as store:
        fill(store)
    torn = disk / "other" / "gate.db"
    with torn.open("r+b") as file:
        for page in range(2, torn.stat().st_size // 4096, 2):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    with pytest.raises(StoreError, match="damaged"):
        copy_register(torn, copy)
    assert not copy.exists()


def test_memory_without_room_is_told_from_a_damaged_register(disk: Path, tmp_path: Path) -> None:
    with Store.open(SETTINGS, disk) as store:
        fill(store)
    with mounted(tmp_path / "small", "128k") as small:
        with pytest.raises(OSError, match="No space left") as caught:
            copy_register(disk / "gate.db", small / "gate.db")
        assert caught.value.errno == errno.ENOSPC
        assert list(small.iterdir()) == []


def test_looking_whether_it_can_be_written_follows_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    other = tmp_path / "other"
    other.write_text("of root")
    for name in (f".probe-{os.getpid()}", ".probe-a"):
        (tmp_path / "data" / name).symlink_to(other)
    assert why_unwritable(tmp_path / "data") is None
    monkeypatch.setattr("secrets.token_hex", lambda _: "a")
    assert why_unwritable(tmp_path / "data") is None
    assert other.read_text() == "of root"


def test_a_disk_that_cannot_be_written_is_found_out(disk: Path) -> None:
    assert why_unwritable(disk) is None
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert why_unwritable(disk, full=False) is None
    found = why_unwritable(disk)
    assert found is not None
    assert found.errno == errno.ENOSPC
    (disk / "filler").unlink()
    assert why_unwritable(disk / "nowhere") is None  # not of the disk
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    found = why_unwritable(disk, full=False)
    assert found is not None
    assert found.errno == errno.EROFS


def test_reading_changes_nothing_beside_the_register(disk: Path, copy: Path) -> None:
    with Store.open(SETTINGS, disk) as store:
        fill(store)
        with closing(sqlite3.connect(disk / "gate.db")):
            before = {file.name: file.read_bytes() for file in disk.iterdir()}
            copy_register(disk / "gate.db", copy)
            after = {file.name: file.read_bytes() for file in disk.iterdir()}
    before.pop("gate.db-shm"), after.pop("gate.db-shm")  # marks of readers
    assert after == before


def test_a_little_room_is_not_taken_for_enough(disk: Path) -> None:
    with (disk / "filler").open("wb") as file:
        room = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - (64 << 10))
    found = why_unwritable(disk)
    assert found is not None
    assert found.errno == errno.ENOSPC
    assert why_unwritable(disk, full=False) is None
    assert [path.name for path in disk.iterdir()] == ["filler"]
