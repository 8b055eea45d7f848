"""Where a backup is unpacked, and how it takes the place of the data folder.

Beside the folder, and then both exchange their names at once. Where the data folder is a file
system of its own, inside it, and its files are exchanged one after the other: the database goes
first and comes last, and a key is there all the time, so that a gate that finds itself in between
says that its register is missing instead of beginning with an empty one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from gate import files
from gate.backup.archive import LEFT_OUT
from gate.store.copies import working_folder
from gate.store.register_copy import SUFFIX

_OWN = frozenset({"lost+found"})
_MODELS = frozenset({"models", "converted"})  # never written to, only replaced
_ABANDONED = 86_400.0  # seconds


@contextmanager
def unpacking_folder(data: Path) -> Iterator[Path]:
    """A folder on the disk of ``data``, removed at the end. Raises OSError."""
    if data.is_mount():
        with working_folder(data, "restore-") as folder:
            yield folder
        return
    data.parent.mkdir(parents=True, exist_ok=True)
    for path in data.parent.glob(".restore-*"):  # of a restore that was killed
        if time.time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        dir=data.parent, prefix=".restore-", ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def put_in_place(fresh: Path, data: Path, database: str, now: datetime) -> Path | None:
    """The unpacked folder ``fresh`` becomes the data folder.

    Args:
        database: the name of the register's file.

    Returns where what was there is kept; None when there was nothing. Raises OSError; then what was
    there is in its place.
    """
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if data.is_mount():
        return _one_by_one(fresh, data, database, data / f"replaced-{stamp}{SUFFIX}")
    if not data.exists():
        fresh.rename(data)
        return None
    if not any(data.iterdir()):
        data.rmdir()
        fresh.rename(data)
        return None
    _take_over(data, fresh)
    aside = data.with_name(f"{data.name}.before-{stamp}")
    fresh.rename(aside)
    files.exchange(aside, data)
    return aside


def _take_over(old: Path, new: Path) -> None:
    """What no backup holds and is needed still. Models take no room a second time."""
    for name in LEFT_OUT - {"imports", "demo", "bench"}:
        if not (old / name).is_dir() or (new / name).exists():
            continue
        (new / name).mkdir(mode=0o700)
        shutil.copystat(old / name, new / name)
        for path in sorted((old / name).rglob("*")):
            copy = new / path.relative_to(old)
            if path.is_symlink():
                copy.symlink_to(path.readlink())
            elif path.is_dir():
                copy.mkdir()
                shutil.copystat(path, copy)
            elif not (name in _MODELS and _linked(path, copy)):
                shutil.copy2(path, copy)


def _linked(path: Path, copy: Path) -> bool:
    """Whether the file system can give a file a second name."""
    try:
        os.link(path, copy)
    except OSError:
        return False
    return True


def _one_by_one(fresh: Path, data: Path, database: str, aside: Path) -> Path | None:
    def is_register(name: str) -> bool:
        return name.startswith(database)  # and its WAL

    leave = LEFT_OUT | _OWN
    old = sorted(
        (path.name for path in data.iterdir() if not fresh.is_relative_to(path)),
        key=lambda name: not is_register(name),
    )
    old = [name for name in old if name not in leave and not name.endswith(SUFFIX)]
    new = sorted((path.name for path in fresh.iterdir()), key=is_register)
    moved: list[tuple[Path, Path]] = []
    if old:
        aside.mkdir(mode=0o700)
    try:
        for name in old:
            there, kept = data / name, aside / name
            if not is_register(name) and there.is_file() and (fresh / name).is_file():
                os.link(there, kept)  # a key: the new one takes its name at once
                moved.append((kept, there))
            else:
                there.rename(kept)
                moved.append((kept, there))
        for name in new:
            folder = (fresh / name).is_dir()
            (fresh / name).replace(data / name)
            if folder or name not in old:  # else the one of before takes its name back at once
                moved.append((data / name, fresh / name))
    except OSError:
        for now, before in reversed(moved):
            with suppress(OSError):
                now.replace(before)
        raise
    return aside if old else None
