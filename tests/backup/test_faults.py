"""Backup and restore where the disk is full, cannot be written, is a mount, or the power ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate import files
from gate.backup import archive, sealed
from gate.backup.restore import Restored, restore
from gate.errors import StoreError
from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.texts.terminal import reworded
from tests.small_disk import mounted
from tests.warm import Task

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
STORE = StoreSettings(ballast=0)
SECRET, PUBLIC = sealed.new_recovery_key()


def remounted(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def registered(data: Path, *names: str) -> None:
    with Store.open(STORE, data) as store:
        for name in names:
            store.people.create(name)
        store.events.append([Event.make("north", "gate.started", NOW)])


def backed_up(data: Path, to: Path) -> Path:
    config = data.parent / "gate.toml"
    config.write_text('name = "north"\n')
    with Store.open(STORE, data) as store:
        header = sealed.for_recovery_key(PUBLIC)
        return archive.write(
            store.database, data, config, to, header, gate="north", counts=(1, 1, 1), now=NOW
        ).path


def put_back(file: Path, data: Path) -> Restored:
    return restore(file, SECRET, data, STORE, replace=True, now=NOW + timedelta(hours=1))


def people(data: Path) -> list[str]:
    with Store.open(STORE, data, create=False) as store:
        return [person.name for person in store.people.find()]


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Of a register with 李红."""
    registered(tmp_path / "first" / "data", "李红")
    (tmp_path / "first" / "data" / "broker").mkdir()
    (tmp_path / "first" / "data" / "broker" / "ca.crt").write_text("a certificate")
    return backed_up(tmp_path / "first" / "data", tmp_path / "stick")


def test_a_target_without_room_is_named_before_it_is_filled(tmp_path: Path) -> None:
    data = tmp_path / "data"
    registered(data, "李红")
    with mounted(tmp_path / "stick", "4m") as stick:
        with pytest.raises(StoreError, match="MB needed") as caught:
            backed_up(data, stick)
        assert caught.value.where == str(stick)
        said = reworded(f"error: {caught.value.what}", "zh")
        assert said.startswith("错误：无法写入备份：磁盘空间不足：需要 ")
        assert not list(stick.iterdir())
    assert people(data) == ["李红"]


def test_a_stick_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    registered(data, "李红")
    with mounted(tmp_path / "stick", "8m") as stick:
        remounted(stick, "ro")
        with pytest.raises(StoreError, match="Read-only file system") as caught:
            backed_up(data, stick)
        assert reworded(caught.value.what, "zh") == "无法写入备份：文件系统是只读的"
    assert people(data) == ["李红"]


def test_what_a_killed_backup_left_at_its_target_goes_a_day_later(tmp_path: Path) -> None:
    data, stick = tmp_path / "data", tmp_path / "stick"
    registered(data, "李红")
    stick.mkdir()
    half = stick / ".north-20261127T093000Z.gatebackup.part"
    other = stick / ".south-20261127T093000Z.gatebackup.part"
    for path in (half, other):
        path.write_bytes(b"half")
    os.utime(other, (0, 0))
    backed_up(data, stick).unlink()
    assert half.exists()  # somebody may be writing it
    os.utime(half, (time.time() - 2 * 86_400,) * 2)
    backed_up(data, stick)
    assert not half.exists()
    assert other.exists()


def test_a_restore_without_room_changes_nothing(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "box" / "data"
    registered(data, "王伟")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=files.MARGIN))
    with pytest.raises(StoreError, match="MB needed"):
        put_back(backup, data)
    assert people(data) == ["王伟"]
    assert [path.name for path in data.parent.iterdir()] == ["data"]


@pytest.mark.parametrize("mount", ["data", "box"])
def test_a_disk_that_cannot_be_written_is_named(backup: Path, tmp_path: Path, mount: str) -> None:
    where = tmp_path / "box" / "data" if mount == "data" else tmp_path / "box"
    with mounted(where, "16m") as disk:
        data = tmp_path / "box" / "data"
        registered(data, "王伟")
        remounted(disk, "ro")
        with pytest.raises(StoreError, match="cannot be put back: Read-only file system") as caught:
            put_back(backup, data)
        assert reworded(caught.value.what, "zh") == "无法恢复备份：文件系统是只读的"
        remounted(disk, "rw")
        assert people(data) == ["王伟"]


def test_a_data_folder_that_is_a_disk_of_its_own_is_restored_too(
    backup: Path, tmp_path: Path
) -> None:
    with mounted(tmp_path / "box" / "data", "24m") as data:
        registered(data, "王伟", "赵丽")
        (data / "models").mkdir()
        (data / "models" / "big.onnx").write_text("a model")
        (data / "permit.key").write_text("an old key")
        done = put_back(backup, data)
        assert people(data) == ["李红"]
        assert (data / "broker" / "ca.crt").read_text() == "a certificate"
        assert (data / "models" / "big.onnx").exists()
        assert not (data / "permit.key").exists()
        assert done.aside is not None
        assert people(done.aside) == ["王伟", "赵丽"]
        assert (done.aside / "permit.key").read_text() == "an old key"
        assert not list(data.glob("restore-*"))
        # a backup does not hold what was put aside, and a second restore leaves it there
        again = backed_up(data, tmp_path / "other")
        with again.open("rb") as source:
            header = sealed.open_header(source, SECRET, "")
            inside = archive.verify(source, header, "").files
        assert not [name for name in inside if "replaced" in name]


def test_a_disk_of_its_own_that_is_empty_is_filled(backup: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "box" / "data", "16m") as data:
        assert put_back(backup, data).aside is None
        assert people(data) == ["李红"]


@pytest.mark.parametrize("failing", range(9))
def test_an_exchange_that_fails_half_way_is_undone(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    with mounted(tmp_path / "box" / "data", "16m") as data:
        registered(data, "王伟")
        (data / "permit.key").write_text("an old key")
        (data / "broker").mkdir()
        (data / "broker" / "ca.crt").write_text("an old certificate")
        steps = 0
        replaced, renamed = Path.replace, Path.rename

        def counted(move: Callable[..., Path]) -> Callable[..., Path]:
            def moves(path: Path, to: Path) -> Path:
                nonlocal steps
                steps += to.parent in (data, data / to.parent.name)
                if steps == failing + 1:
                    steps += 1
                    raise OSError(28, "No space left on device")
                return move(path, to)

            return moves

        monkeypatch.setattr(Path, "replace", counted(replaced))
        monkeypatch.setattr(Path, "rename", counted(renamed))
        try:
            put_back(backup, data)
        except StoreError:
            monkeypatch.undo()
            assert people(data) == ["王伟"]
            assert (data / "permit.key").read_text() == "an old key"
            assert (data / "broker" / "ca.crt").read_text() == "an old certificate"
        else:
            assert steps <= failing


def test_models_that_no_longer_fit_stop_no_exchange_that_is_done(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie on the same disk: nothing is written for them a second time."""
    data = tmp_path / "box" / "data"
    registered(data, "王伟")
    (data / "models").mkdir()
    (data / "models" / "big.onnx").write_text("a model")

    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    monkeypatch.setattr(shutil, "copy2", full)
    done = put_back(backup, data)
    assert people(data) == ["李红"]
    assert done.aside is not None
    for folder in (data, done.aside):
        assert (folder / "models" / "big.onnx").read_text() == "a model"


def _die(*given: object, **named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(file: Path, secret: str, data: Path, step: int) -> None:
    """Dies before the step of that number: a move of a folder or file."""
    count = 0

    def counted(move: Callable[..., object]) -> Callable[..., object]:
        def moves(*given: object) -> object:
            nonlocal count
            count += 1
            if count > step:
                _die()
            return move(*given)

        return moves

    Path.rename = counted(Path.rename)  # type: ignore[assignment,method-assign]
    Path.replace = counted(Path.replace)  # type: ignore[assignment,method-assign]
    files.exchange = counted(files.exchange)  # type: ignore[assignment]
    restore(file, secret, data, STORE, replace=True, now=NOW)


@pytest.mark.slow
@pytest.mark.parametrize("step", range(4))
def test_the_power_ends_and_the_old_register_or_the_new_one_is_there(
    backup: Path, tmp_path: Path, step: int
) -> None:
    data = tmp_path / "box" / "data"
    registered(data, "王伟")
    task = Task(killed, backup, SECRET, data, step, out=tmp_path / "out")
    status = task.wait()
    assert status in (0, -signal.SIGKILL), (tmp_path / "out").read_text()
    assert people(data) in (["王伟"], ["李红"])
    put_back(backup, data)
    assert people(data) == ["李红"]


@pytest.mark.slow
@pytest.mark.parametrize("step", range(0, 10, 2))
def test_the_power_ends_on_a_disk_of_its_own_and_nobody_begins_with_an_empty_register(
    backup: Path, tmp_path: Path, step: int
) -> None:
    with mounted(tmp_path / "box" / "data", "16m") as data:
        registered(data, "王伟")
        task = Task(killed, backup, SECRET, data, step, out=tmp_path / "out")
        status = task.wait()
        assert status in (0, -signal.SIGKILL), (tmp_path / "out").read_text()
        if (data / "gate.db").exists():
            assert people(data) in (["王伟"], ["李红"])
        else:
            with pytest.raises(StoreError, match="its key is there"):
                Store.open(STORE, data)  # as the gate does
            (kept,) = data.glob("replaced-*.before")
            shutil.copytree(kept, tmp_path / "kept")
            assert people(tmp_path / "kept") == ["王伟"]
        put_back(backup, data)
        assert people(data) == ["李红"]
