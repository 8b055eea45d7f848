"""The register as it was before its schema changed: a copy beside it, checked before it counts.

It is the way back to the version before, for three days. Only Python's own modules and
``gate.files`` are used: the Debian package's preinst holds both, for there the version that is
replaced makes the copy (packaging/deb/build.py).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from gate import files

SUFFIX = ".before"  # ends the names of these copies; backups leave them out
YOUNG = 3600.0  # seconds for which one counts: of the package, or of a start that was broken off
KEPT = 3 * 86400.0  # seconds: over a weekend, no longer, for whoever is deleted is still in it
_STEADY = 0.25  # seconds between two flushes of a copy


def copy_before(database: Path, schema: str, *, times: int = 1) -> Path:
    """A whole, verified copy of the SQLite file ``database``, which others may write meanwhile.

    One made within the last hour is taken as it is, so that a start that is killed again and again
    gets further each time. Copies of other schemas go.

    Args:
        schema: the one ``database`` has, such as "0008"; part of the name.
        times: how often its size must fit on the disk; 2 leaves room for what changes it.

    Raises OSError (no room, not writable) or sqlite3.Error; then nothing was changed and nothing
    half-written is left.
    """
    target = path_of(database, schema)
    if target.is_file() and 0 <= time.time() - target.stat().st_mtime < YOUNG:
        return target
    part = target.with_name(f".{target.name}{files.PART}")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as connection:
            files.require_room(target.parent, times * size_of(connection))
            copy_into(connection, part)
        _verify(part, schema)
        owner = database.stat()
        part.chmod(0o600)
        with suppress(PermissionError):
            os.chown(part, owner.st_uid, owner.st_gid, follow_symlinks=False)
        files.flush(part)
        part.replace(target)
        files.flush(target.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    for other in copies(database):
        if other != target:
            other.unlink(missing_ok=True)
    return target


def path_of(database: Path, schema: str) -> Path:
    return database.with_name(f"{database.stem}-{schema}{SUFFIX}")


def copies(database: Path) -> list[Path]:
    """Those beside ``database``."""
    return sorted(database.parent.glob(f"{database.stem}-*{SUFFIX}"))


def forget_old(database: Path) -> bool:
    """Delete copies older than ``KEPT``, one that was killed half-way too; whether none is left."""
    halves = list(database.parent.glob(f".{database.stem}-*{SUFFIX}{files.PART}"))
    for path in (*copies(database), *halves):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT:
                path.unlink()
    return not any(path.exists() for path in (*copies(database), *halves))


def size_of(connection: sqlite3.Connection) -> int:
    """Bytes of a compact copy, at most."""
    pages, unused, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - unused) * page)


def copy_into(connection: sqlite3.Connection, target: Path) -> None:
    """A compact copy of the open database, as one transaction sees it.

    It is sent to the disk as it is written. SQLite leaves that to the system, which collects a
    gigabyte and writes it at once: commits of events then wait for it, since a journaling file
    system writes what is older first.
    """
    with _written_steadily(target):
        connection.execute("VACUUM INTO ?", (str(target),))


@contextmanager
def _written_steadily(path: Path) -> Iterator[None]:
    done = threading.Event()

    def flush() -> None:
        handle = None
        while not done.wait(_STEADY):
            try:
                handle = os.open(path, os.O_RDONLY) if handle is None else handle
                os.fsync(handle)
            except FileNotFoundError:  # not begun
                continue
            except OSError:  # the copy itself meets it too, and says so
                break
        if handle is not None:
            os.close(handle)

    thread = threading.Thread(target=flush, name="backup-flush", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _verify(copy: Path, schema: str) -> None:
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
        present = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        if present != schema:
            raise sqlite3.DatabaseError(f"the copy is of schema {present}")
