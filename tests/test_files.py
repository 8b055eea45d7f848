"""What is found of a file when writing it succeeds, and when it does not."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
from pathlib import Path

import pytest

from gate import files
from tests.warm import Task


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("durable", [False, True])
def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "a.json"
    file.write_text("a much longer old one")
    files.replace(file, b"new", durable=durable)
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_mode_holds_whatever_the_umask_and_a_part_left_behind_say(tmp_path: Path) -> None:
    file = tmp_path / "key"
    left = tmp_path / f".key{files.PART}"
    left.write_text("of an attempt that was cut off")
    left.chmod(0o644)
    files.replace(file, b"secret", 0o600)
    assert mode_of(file) == 0o600
    before = os.umask(0o077)
    try:
        files.replace(file, b"public", 0o644)
        files.replace(tmp_path / "other", b"")
    finally:
        os.umask(before)
    assert mode_of(file) == 0o644
    assert mode_of(tmp_path / "other") == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_root_rewrites_stays_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text("old")
    os.chown(file, 0, 4711)
    files.replace(file, b"new", 0o640)
    assert (file.stat().st_uid, file.stat().st_gid) == (0, 4711)
    assert mode_of(file) == 0o640


def test_an_owner_that_cannot_be_kept_is_no_reason_not_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def refused(descriptor: int, uid: int, gid: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    monkeypatch.setattr(os, "fstat", lambda descriptor: os.stat_result((0o100644, *[4711] * 9)))
    files.replace(file, b"new")
    assert file.read_bytes() == b"new"


def test_a_disk_that_fills_up_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.replace(file, b"new", durable=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(OSError, match="No space left"):
        files.create(tmp_path / "key", b"half")
    assert list(tmp_path.iterdir()) == [file]


def creates_and_dies(file: Path) -> None:
    os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    files.create(file, b"a key")


def test_a_file_that_is_created_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    task = Task(creates_and_dies, folder / "key", out=tmp_path / "out")
    assert task.wait() == -signal.SIGKILL, (tmp_path / "out").read_text()
    assert list(folder.iterdir()) == []
    files.create(folder / "key", b"a key")
    assert (folder / "key").read_bytes() == b"a key"


def test_a_file_is_created_where_none_can_be_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_create_nameless", lambda *given: False)
    test_an_existing_file_is_never_created_over(tmp_path)


def test_an_existing_file_is_never_created_over(tmp_path: Path) -> None:
    file = tmp_path / "key"
    files.create(file, b"first")
    assert mode_of(file) == 0o600
    with pytest.raises(FileExistsError):
        files.create(file, b"second")
    assert file.read_bytes() == b"first"


@pytest.mark.parametrize("atomic", [True, False])
def test_two_folders_get_each_others_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, atomic: bool
) -> None:
    if not atomic:  # as with a C library or a file system that cannot
        monkeypatch.setattr(ctypes, "CDLL", lambda *given, **named: object())
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.mkdir()
        (path / path.name).write_text("")
    files.exchange(one, other)
    assert (one / "other").exists()
    assert (other / "one").exists()
    with pytest.raises(FileNotFoundError):
        files.exchange(tmp_path / "missing", one)
    with pytest.raises(FileNotFoundError):
        files.exchange(one, tmp_path / "missing")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]
    assert (one / "other").exists()


def test_what_does_not_fit_is_refused_before_it_is_written(tmp_path: Path) -> None:
    files.require_room(tmp_path, 1)
    with pytest.raises(OSError, match=r"MB needed, [\d.]+ MB free") as caught:
        files.require_room(tmp_path, shutil.disk_usage(tmp_path).total)
    assert caught.value.errno == errno.ENOSPC
