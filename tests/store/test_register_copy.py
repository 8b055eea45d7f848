"""Before its schema changes a register is copied; without the copy it stays as it was."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from gate.errors import StoreError
from gate.store import register_copy
from gate.store.migrate import is_behind, revision, revisions
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.texts.terminal import reworded
from tests.small_disk import mounted
from tests.warm import Task
from tools.old_register import PEOPLE

FOLDER = Path(__file__).parents[2] / "fixtures" / "registers"
OLD, NEW = "0008", revisions()[-1]
SETTINGS = StoreSettings(ballast=0)
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def put(folder: Path) -> Path:
    """A register that version 0.1 wrote, with its key; returns the database."""
    with closing(sqlite3.connect(folder / "gate.db")) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.executescript((FOLDER / f"{OLD}.sql").read_text())
    shutil.copy(FOLDER / f"{OLD}.hex", folder / "gate.key")
    (folder / "gate.key").chmod(0o600)
    return folder / "gate.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return put(tmp_path)


def opened(data: Path) -> Store:
    return Store.open(SETTINGS, data, create=False)


def schema(database: Path) -> str:
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def names(data: Path) -> set[str]:
    return {path.name for path in data.iterdir() if "before" in path.name}


def test_the_register_of_before_is_kept_and_can_be_put_back(old: Path) -> None:
    with opened(old.parent) as store:
        assert revision(store.database) == NEW
    copy = register_copy.path_of(old, OLD)
    assert names(old.parent) == {copy.name}
    assert copy.stat().st_mode & 0o777 == 0o600
    assert schema(copy) == OLD
    with closing(sqlite3.connect(copy)) as raw:
        found = {name for (name,) in raw.execute("SELECT name FROM people")}
    assert found == set(PEOPLE[:2])
    copy.rename(old)  # the way back; here this version brings it up to date once more
    with opened(old.parent) as store:
        assert {person.name for person in store.people.find()} == found


def test_a_version_before_names_the_copy_that_it_can_read(old: Path) -> None:
    with opened(old.parent), closing(sqlite3.connect(old)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9000'")
    with pytest.raises(StoreError, match="newer version") as caught:
        opened(old.parent)
    assert f"put {register_copy.path_of(old, OLD)} back" in caught.value.hint


def test_a_register_that_is_up_to_date_or_new_is_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        with Store.open(SETTINGS, tmp_path):
            assert names(tmp_path) == set()


def test_a_register_that_cannot_be_copied_is_not_changed(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(connection: sqlite3.Connection, target: Path) -> None:
        target.write_bytes(b"half")
        raise FULL

    with monkeypatch.context() as patched:
        patched.setattr(register_copy, "copy_into", full)
        with pytest.raises(StoreError, match="no copy of it could be made first") as caught:
            opened(old.parent)
    said = reworded(f"error: {caught.value.what}", "zh")
    assert said == "错误：未能先制作副本，人员库保持原样：磁盘已满"
    assert schema(old) == OLD
    assert names(old.parent) == set()
    with opened(old.parent) as store:  # once there is room
        assert not is_behind(store.database)


def test_a_copy_that_reads_back_differently_does_not_count(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(connection: sqlite3.Connection, target: Path) -> None:
        connection.execute("VACUUM INTO ?", (str(target),))
        with target.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 65536)

    monkeypatch.setattr(register_copy, "copy_into", damaged)
    with pytest.raises(StoreError, match="no copy"):
        opened(old.parent)
    assert schema(old) == OLD
    assert names(old.parent) == set()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB: the register fits, a copy and what stays free do not."""
    with mounted(tmp_path / "disk", "6m") as where:
        yield where


def test_a_small_disk_stops_the_change_and_says_how_much_it_needs(disk: Path) -> None:
    database = put(disk)
    (disk / "filler").write_bytes(bytes(2 << 20))
    with pytest.raises(StoreError, match=r"MB needed, \d\.\d MB free") as caught:
        opened(disk)
    assert "磁盘空间不足：需要" in reworded(caught.value.what, "zh")
    assert schema(database) == OLD
    with closing(sqlite3.connect(database)) as raw, raw:  # the version before goes on writing
        raw.execute("UPDATE people SET name = '李红红' WHERE id = 1")
    (disk / "filler").unlink()
    with opened(disk) as store:
        assert revision(store.database) == NEW


def _die(*given: object, **named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _half(connection: sqlite3.Connection, target: Path) -> None:
    target.write_bytes(b"half")
    _die()


def _upgrade(*given: object) -> None:
    upgrade(*given)
    _die()


upgrade = command.upgrade
STEPS = {
    "while the copy is written": lambda: setattr(register_copy, "copy_into", _half),
    "before the copy counts": lambda: setattr(register_copy, "_verify", _die),
    "before the schema changes": lambda: setattr(command, "upgrade", _die),
    "before the change is committed": lambda: setattr(command, "upgrade", _upgrade),
    "after it": lambda: None,
}


def killed(data: Path, step: str) -> None:
    change: Callable[[], object] = STEPS[step]
    change()
    with opened(data):
        _die()


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_one_that_is_killed_loses_nothing(old: Path, step: str) -> None:
    task = Task(killed, old.parent, step, out=old.parent / "out")
    assert task.wait() == -signal.SIGKILL, (old.parent / "out").read_text()
    assert schema(old) == (NEW if step == "after it" else OLD)
    with opened(old.parent) as store:
        assert revision(store.database) == NEW
        assert {person.name for person in store.people.find()} == set(PEOPLE[:2])
    assert names(old.parent) == {register_copy.path_of(old, OLD).name}
    assert schema(register_copy.path_of(old, OLD)) == OLD


def test_one_made_a_moment_ago_counts_and_an_old_one_does_not(old: Path) -> None:
    copy = register_copy.copy_before(old, OLD)
    first = copy.stat().st_ino
    assert register_copy.copy_before(old, OLD) == copy
    assert copy.stat().st_ino == first
    for seconds in (-2 * register_copy.YOUNG, register_copy.YOUNG):  # a clock that was put back
        os.utime(copy, (time.time() + seconds,) * 2)
        before = copy.stat().st_ino
        register_copy.copy_before(old, OLD)
        assert copy.stat().st_ino != before
        assert abs(time.time() - copy.stat().st_mtime) < register_copy.YOUNG


def test_copies_go_after_three_days_and_with_the_next_change(old: Path) -> None:
    copy = register_copy.copy_before(old, OLD)
    earlier = register_copy.path_of(old, "0007")
    earlier.write_bytes(b"")
    os.utime(copy, (time.time() - register_copy.YOUNG,) * 2)
    register_copy.copy_before(old, OLD)
    assert names(old.parent) == {copy.name}
    with opened(old.parent) as store:
        os.utime(copy, (time.time() - 2.9 * 86400,) * 2)
        half = copy.with_name(f".{copy.name}.part")  # of one that was killed
        half.write_bytes(b"")
        assert not store.people.delete(1)  # whoever is deleted is still in it, and that is said
        assert copy.exists()
        os.utime(copy, (time.time() - 3.1 * 86400,) * 2)
        assert not store.tidy()
        os.utime(half, (time.time() - 3.1 * 86400,) * 2)
        assert store.tidy()
        assert names(old.parent) == set()
