"""Small files written so that nobody ever finds half of one: readers, or a start after a fault."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

_EXCHANGE = 2  # RENAME_EXCHANGE, linux/fs.h
_HERE = -100  # AT_FDCWD
_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
MARGIN = 4 << 20  # bytes that stay free: the gate goes on writing meanwhile

PART = ".part"  # ends the name of what is not complete yet; backups leave it out


def replace(path: Path, content: bytes, mode: int | None = None, *, durable: bool = False) -> None:
    """Write ``content`` beside ``path`` and rename it: the old file or the new one is there.

    The new file belongs to whom the old one belonged, so that a service can still read what root
    has rewritten.

    Args:
        mode: permissions of the new file; None: what the umask leaves.
        durable: whether it must outlast a power cut once this returns, name included. That waits
            for the disk.

    Raises OSError; nothing half-written is left then.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        handle = os.open(
            part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 if mode is None else mode
        )
        with os.fdopen(handle, "wb") as file:
            _keep_owner(path, handle)
            if mode is not None:
                os.fchmod(handle, mode)  # whatever the umask, or a part left behind, had
            file.write(content)
            if durable:
                file.flush()
                os.fsync(handle)
        part.replace(path)
        if durable:
            flush(path.parent)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _keep_owner(path: Path, handle: int) -> None:
    """The owner and group of ``path`` for the file behind ``handle``, where we may give it away."""
    with suppress(FileNotFoundError, PermissionError):
        old, new = path.lstat(), os.fstat(handle)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            os.fchown(handle, old.st_uid, old.st_gid)


def create(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that must not exist yet, such as a key; on the disk when this returns.

    It has no name before it is whole: half a key file left by a power cut would keep a gate from
    ever making one. Raises OSError, FileExistsError among them; half a file does not stay.
    """
    if not _create_nameless(path, content, mode):
        _create_named(path, content, mode)
    flush(path.parent)


def _create_nameless(path: Path, content: bytes, mode: int) -> bool:
    """False where the file system, or the way by which it would get its name, is not there."""
    try:
        handle = os.open(path.parent, os.O_WRONLY | os.O_TMPFILE, mode)
    except OSError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
        own = f"/proc/self/fd/{handle}"
        if not Path(own).exists():
            return False
        # only with a directory does Python follow the link; of an absolute path it is not used
        os.link(own, path, src_dir_fd=handle, follow_symlinks=True)
    return True


def _create_named(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def flush(path: Path) -> None:
    """The content of a file, or the names in a folder, are on the disk when this returns.

    Raises OSError.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def exchange(one: Path, other: Path) -> None:
    """Two files or folders get each other's names, at once: a power cut leaves the one or the other
    order. Where the file system cannot, they are renamed one after the other.

    Raises OSError; then both have the names they had.
    """
    library = ctypes.CDLL(None, use_errno=True)
    try:
        done = library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
        code = ctypes.get_errno() if done else 0
    except AttributeError:  # a C library without it
        code = errno.ENOSYS
    if code in _CANNOT:
        _renamed(one, other)
    elif code:
        raise OSError(code, os.strerror(code), str(other))


def _renamed(one: Path, other: Path) -> None:
    aside = other.with_name(f".{other.name}{PART}")
    other.rename(aside)
    try:
        one.rename(other)
    except OSError:
        aside.rename(other)
        raise
    aside.rename(one)


def require_room(folder: Path, size: int) -> None:
    """Raises OSError unless ``size`` bytes fit on the disk of ``folder`` and something stays free.

    To be asked before much is written: a write that meets the end of the disk has taken the room
    of everything else there, events of the door among it.
    """
    free = shutil.disk_usage(folder).free
    if free < size + MARGIN:
        need = f"{(size + MARGIN) / 1e6:.1f} MB needed, {free / 1e6:.1f} MB free"
        raise OSError(errno.ENOSPC, f"not enough room on the disk: {need}", str(folder))
