"""Turns what a database driver raises into a StoreError that says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from gate.errors import StoreError

# a file system with faults is made read-only by the system, so that it becomes no worse
FAILING = (
    "see what `dmesg` says of the disk or card: it may be failing; else it is mounted read-only"
)
_LEAST = 1 << 16  # bytes SQLite needs to open a file at all


class DiskFullError(StoreError):
    """There is no room left for a write."""


class LockedError(StoreError):
    """Another process or thread holds the database for writing."""


class ConflictError(StoreError):
    """A value that must be unique is already there, or what it refers to is not."""


def translate(error: SQLAlchemyError, where: str) -> StoreError:
    """The named error for ``error``; ``where`` is the database's address without its password."""
    code = getattr(error.orig, "sqlite_errorname", "") if isinstance(error, DBAPIError) else ""
    cause = _cause(error)
    cause += f" ({code})" if code else ""
    text = cause.lower()
    if isinstance(error, IntegrityError):
        return ConflictError(
            "the database rejects this entry" + f": {cause}",
            where=where,
            hint="check whether it exists already",
        )
    if "locked" in text or "busy" in text:
        return locked(where, code)
    if "full" in text or "no space" in text or ("disk i/o" in text and _no_room(where)):
        return disk_full(where)
    if "disk i/o" in text:
        return StoreError("the disk cannot be written" + f": {cause}", where=where, hint=FAILING)
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return StoreError(
            "the database is damaged",
            where=where,
            hint="put the newest backup in its place: `gate restore FILE --replace`",
        )
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return StoreError(
            "the database cannot be written" + f": {cause}",
            where=where,
            hint="check that the folder exists and belongs to the user the gate runs as",
        )
    away = isinstance(error, OperationalError) and not where.startswith("sqlite")
    hint = "check that the database server runs, and [store] url" if away else "see `gate doctor`"
    return StoreError("the database failed" + f": {_line(cause)}", where=where, hint=hint)


def _line(cause: str) -> str:
    """In one line: a driver's own hints are set out in several."""
    return " ".join(cause.split())


def _cause(error: SQLAlchemyError) -> str:
    """What the driver says; of a server's message the first line: its details name the value that
    is there already, such as somebody's number."""
    if not isinstance(error, DBAPIError):
        return str(error)
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return str(primary or error.orig)


def locked(where: str, code: str = "", holder: str = "") -> LockedError:
    """The error of a write whose turn did not come.

    Args:
        code: SQLite's extended name of it, such as ``SQLITE_BUSY_SNAPSHOT``.
        holder: who is writing.
    """
    more = "; ".join(filter(None, (code, holder)))
    return LockedError(
        "the database is locked by another process or thread" + (f": {more}" if more else ""),
        where=where,
        hint="end the other program that is writing, or wait until it has finished",
    )


def disk_full(where: str) -> DiskFullError:
    """The error of every full disk."""
    return DiskFullError(
        "the disk is full", where=where, hint="free some space; waiting events are then written"
    )


def _no_room(where: str) -> bool:
    """Opening an SQLite file writes two others; without room that is called an I/O error."""
    folder = Path(where.partition(":///")[2]).parent
    try:
        return folder.is_dir() and shutil.disk_usage(folder).free < _LEAST
    except OSError:  # the disk itself fails
        return False


@contextmanager
def named(where: str) -> Iterator[None]:
    """Every SQLAlchemyError raised inside leaves as a StoreError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translate(error, where) from error
