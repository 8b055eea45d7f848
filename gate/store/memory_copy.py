"""A copy of the register in memory, for a gate whose disk can no longer be written.

It is read without a write beside the register, and holds what the gate decides by: templates as
they are, encrypted, cards, permits, rules, the audit. Left out are old events and what
still waits to be delivered (both stay on the disk), orders to the door other than lock-downs, faces
waiting to be learnt, imports and sessions of staff.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from gate.errors import StoreError
from gate.store.database_errors import FAILING

EVENTS = 2_000  # the newest of each gate: what was going on, and a time the clock is not before
UNWRITABLE = frozenset({errno.EROFS, errno.EIO, errno.ENXIO, errno.ENODEV})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PROBE = 128 << 10  # bytes: what SQLite writes beside a file to open it, and a first transaction

# by table: which of its rows come along; all of those that are not named
_ROWS = {
    "orders": "command = 'lockdown'",  # an "open" that cannot be marked as taken would open again
    "outbox": "0",
    "looks": "0",
    "imports": "0",
    "import_lines": "0",
    "sessions": "0",
    "acknowledgements": "0",
    "exported": "0",
}


def why_unwritable(folder: Path, *, full: bool = True) -> OSError | None:
    """Why nothing can be written into ``folder`` because of its disk; None where it can be, or
    where something else is in the way, such as its owner.

    Args:
        full: whether a disk without room counts.
    """
    # doctor looks as root in a folder of the services' user, who could put a link in its place
    probe = folder / f".probe-{secrets.token_hex(8)}"
    try:
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(_PROBE))  # all of it: the system may write a part, and no error
            file.flush()
            os.fsync(handle)
    except OSError as error:
        return error if error.errno in UNWRITABLE | (FULL if full else frozenset()) else None
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return None


def copy_register(source: Path, target: Path) -> None:
    """The SQLite file ``source`` as ``target``, mode 0600, which must not exist.

    Raises OSError where there is no room for it, or the disk cannot be read, and StoreError where
    ``source`` is damaged. Then nothing is left.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with _readable(source, target.parent) as address, closing(_memory(target)) as connection:
            connection.execute("ATTACH ? AS disk", (address,))
            _copy(connection)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise _named(error, source, target.parent) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _memory(target: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{target.absolute().as_uri()}", uri=True, isolation_level=None)
    for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=OFF", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _readable(source: Path, folder: Path) -> Iterator[str]:
    """An address by which SQLite reads the file without writing.

    With a journal but without the file that indexes it, SQLite reads only where it may make that:
    then both are copied whole, and removed again.
    """
    uri = source.absolute().as_uri()
    journal = source.with_name(f"{source.name}-wal")
    index = source.with_name(f"{source.name}-shm")
    if not journal.exists() or not (journal.stat().st_size or index.exists()):
        yield f"{uri}?immutable=1"
        return
    address = f"{uri}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        whole = folder / f"whole-{source.name}"
        try:
            for part in ("", "-wal"):
                shutil.copyfile(source.with_name(source.name + part), f"{whole}{part}")
            yield whole.absolute().as_uri()
        finally:
            for part in ("", "-wal", "-shm"):
                whole.with_name(whole.name + part).unlink(missing_ok=True)
        return
    yield address


def _copy(connection: sqlite3.Connection) -> None:
    """Everything in one transaction, so that what is read is of one moment."""
    connection.execute("BEGIN")
    made = connection.execute(
        "SELECT type, name, sql FROM disk.sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    ).fetchall()
    tables = [name for type, name, _ in made if type == "table"]
    for type, _, sql in made:
        if type == "table":
            connection.execute(sql)
    for table in tables:
        connection.execute(
            f'INSERT INTO main."{table}" SELECT * FROM disk."{table}" WHERE {_rows(table, tables)}'
        )
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        connection.execute("DELETE FROM main.sqlite_sequence")
        connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM disk.sqlite_sequence")
    for type, _, sql in made:
        if type != "table":
            connection.execute(sql)
    connection.execute("COMMIT")


def _rows(table: str, tables: list[str]) -> str:
    if table == "events" and "sequences" in tables:
        return (
            "sequence > (SELECT last FROM disk.sequences s WHERE s.gate = disk.events.gate)"
            f" - {EVENTS}"
        )
    return _ROWS.get(table, "1")


def _named(error: sqlite3.Error, source: Path, folder: Path) -> Exception:
    text = str(error).lower()
    if "full" in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return StoreError(
            "the database is damaged",
            where=str(source),
            hint="put the newest backup in its place: `gate restore FILE --replace`",
        )
    return StoreError(f"the database cannot be read: {error}", where=str(source), hint=FAILING)
