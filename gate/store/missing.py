"""A register that is not there: whether a new one may be created in its place."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gate.errors import StoreError
from gate.store.settings import StoreSettings

BACKUP = ".gatebackup"  # ends the names of backups
BACKUPS = "backups"  # in the data folder, where ``gate backup`` writes unless given another folder


def file_of(settings: StoreSettings, data: Path) -> Path | None:
    """The SQLite file of the register; None for a database server or an unusable address."""
    try:
        url = make_url(settings.address(data))
    except ArgumentError:
        return None
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    if url.database == ":memory:" or url.database.startswith("file:"):
        return None
    return Path(url.database)


def is_missing(path: Path) -> bool:
    """Not there, or empty: what a power cut or a full disk leaves."""
    return not path.exists() or (path.is_file() and path.stat().st_size == 0)


def refuse_missing(settings: StoreSettings, data: Path, *, create: bool) -> None:
    """Raises StoreError when the SQLite file is missing or empty and no new one may be created.

    A key without its database is never the first start: the register was lost, and a gate that
    began again with nobody in it would hide that.
    """
    path = file_of(settings, data)
    if path is None or not is_missing(path):
        return
    if (data / settings.key).is_file():
        raise without_database(str(path), data)
    if not create:
        raise StoreError(
            "there is no register yet",
            where=str(path),
            hint="check --config and [store]; the first `gate run` or `gate desk` creates it",
        )


def without_database(where: str, data: Path) -> StoreError:
    """The error for a key whose database is missing or empty."""
    found = sorted((data / BACKUPS).glob(f"*{BACKUP}"), key=lambda file: file.stat().st_mtime)
    newest = str(found[-1]) if found else "FILE"
    return StoreError(
        "the database is missing or empty, but its key is there",
        where=where,
        hint=f"put the newest backup back: `gate restore {newest} --replace`; to begin with an "
        "empty register instead, move the key away first",
    )
