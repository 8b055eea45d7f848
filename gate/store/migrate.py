"""Brings a database to the schema of this version of the gate."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gate.errors import StoreError
from gate.store.engine import Database


def migrate(database: Database) -> None:
    """Upgrade to the newest revision, in one transaction.

    Raises StoreError when the database was written by a newer gate.
    """
    if not is_behind(database):  # found by reading: whoever opens the database keeps nobody waiting
        return
    config = _config()
    with database.connect() as connection, connection.begin():
        if _behind(config, connection, database.where):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def revision(database: Database) -> str | None:
    """The schema the database is at; None when it holds no schema at all. Raises StoreError."""
    with database.connect(write=False) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_behind(database: Database) -> bool:
    """Whether ``migrate`` would have something to do. Raises StoreError as it does."""
    with database.connect(write=False) as connection:
        return _behind(_config(), connection, database.where)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "gate.store:migrations")
    return config


def _behind(config: Config, connection: Connection, where: str) -> bool:
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise StoreError(
            f"the database was written by a newer version of the gate (schema {present})",
            where=where,
            hint="install that version again, or put back the backup made before its update",
        )
    return present != scripts.get_current_head()
