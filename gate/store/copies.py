"""Copies of the register that a backup or an update needs for some minutes, readable as it is.

Each lies in a folder of its own in the data folder. Whoever made it holds a lock on the folder, so
that one left behind by a power cut or a kill is told from one in use: what is left behind goes with
the next such copy or deletion, or within the hour, since it still holds whoever is deleted
meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ENDING = ".tmp"
_PURPOSES = ("backup-", "update-", "restore-")
# versions before kept the register of before an update here, and never removed it; their update
# may still be running, and go back to it
_OLD, _DONE_WITHIN = "before-update.tmp", 86_400.0  # seconds


@contextmanager
def working_folder(data: Path, purpose: str) -> Iterator[Path]:
    """A new folder below ``data``, which belongs to the owner of ``data`` and is removed at the
    end. ``purpose``: "backup-", "update-" or "restore-". Raises OSError."""
    if purpose not in _PURPOSES:
        raise ValueError(f"a folder {purpose} would not be found when it is left behind")
    remove_abandoned(data)  # before room is needed for the next
    path, lock = _made(data, purpose)
    try:
        if os.geteuid() == 0:  # the services have to be able to remove it
            owner = data.stat()
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _made(data: Path, purpose: str) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(dir=data, prefix=purpose, suffix=_ENDING))
        lock = _locked(path)
        if lock is not None and path.exists():
            return path, lock
        if lock is not None:  # somebody who tidied up took it for one left behind
            os.close(lock)


def _locked(path: Path) -> int | None:
    """A handle that holds the folder; None while somebody else does, or when it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def remove_abandoned(data: Path) -> bool:
    """Remove what nobody uses any more; whether no copy is left, in use or not."""
    old = data / _OLD
    with suppress(OSError):
        if old.stat().st_mtime < time.time() - _DONE_WITHIN:
            old.unlink()
    for purpose in _PURPOSES:
        for path in data.glob(f"{purpose}*{_ENDING}"):
            lock = _locked(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
    return not old.exists() and not any(
        path.exists() for purpose in _PURPOSES for path in data.glob(f"{purpose}*{_ENDING}")
    )
