"""Brings a database to the schema of this version of the gate.

Alembic is imported only where there is something to do: it and its scripts are a tenth of a start.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from gate.errors import StoreError
from gate.store import register_copy, server_copy
from gate.store.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_LOCK = 7_283_641  # of PostgreSQL, one number for every program of the gate
_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def migrate(database: Database, *, copied: bool = True) -> None:
    """Upgrade to the newest revision, in one transaction; before it the register is copied.

    Args:
        copied: whether that copy is made (``register_copy``); False where another one is at hand.

    Raises StoreError, and then the schema is as it was: the database was written by a newer gate,
    or could not be copied.
    """
    if not is_behind(database):  # found by reading: whoever opens the database keeps nobody waiting
        return
    from alembic import command

    config = alembic_config()
    with database.connect() as connection, connection.begin():
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:  # hub, worker and desk start at one moment: the first does it
            for limit in ("statement_timeout", "lock_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _behind(connection, database):
            present = _present(connection)
            if copied and present is not None:
                if database.path is not None:
                    _copy(database.path, present)
                elif postgresql and database.folder is not None:
                    _dump(database, database.folder, present)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _copy(path: Path, schema: str) -> None:
    """While others may read, and nobody writes. Raises StoreError."""
    try:
        copy = register_copy.copy_before(path, schema)
    except (OSError, sqlite3.Error) as error:
        cause = getattr(error, "strerror", None) or error
        raise StoreError(
            f"the register stays as it is, since no copy of it could be made first: {cause}",
            where=str(path),
            hint="make room and start again, or install the version before again",
        ) from error
    log.warning("store.schema", extra={"before": schema, "copy": str(copy)})


def _dump(database: Database, folder: Path, schema: str) -> None:
    """While others may read and write. Raises StoreError."""
    if os.environ.get(server_copy.UNCOPIED):
        log.warning("store.schema", extra={"before": schema, "copy": "none was wanted"})
        return
    try:
        copy = server_copy.copy_before(database.url, folder, schema)
    except server_copy.NoCopyError as error:
        raise StoreError(
            f"the register stays as it is, since no copy of it could be made first: {error}",
            where=database.where,
            hint="install PostgreSQL's pg_dump of the server's version; or copy the register with"
            f" tools of your own and start once with {server_copy.UNCOPIED}=1",
        ) from error
    log.warning("store.schema", extra={"before": schema, "copy": str(copy)})


def revision(database: Database) -> str | None:
    """The schema the database is at; None when it holds no schema at all. Raises StoreError."""
    with database.connect(write=False) as connection:
        return _present(connection)


def is_behind(database: Database) -> bool:
    """Whether ``migrate`` would have something to do. Raises StoreError as it does."""
    with database.connect(write=False) as connection:
        return _behind(connection, database)


def alembic_config() -> Config:
    """Alembic's, for the scripts of this folder."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "gate.store:migrations")
    return config


@cache
def revisions() -> tuple[str, ...]:
    """Those this version knows, oldest first: the numbers that its scripts' names begin with."""
    return tuple(sorted(file.name[:4] for file in _VERSIONS.glob("[0-9]*.py")))


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _behind(connection: Connection, database: Database) -> bool:
    present = _present(connection)
    if present is not None and present not in revisions():
        hint = "install that version again, or put back the backup made before its update"
        if database.path is not None and (kept := register_copy.copies(database.path)):
            hint = f"install that version again, or put {kept[-1]} back: docs/backup.md says how"
        raise StoreError(
            f"the database was written by a newer version of the gate (schema {present})",
            where=database.where,
            hint=hint,
        )
    return present != revisions()[-1]
