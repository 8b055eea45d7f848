"""Brings a database to the schema of this version of the gate."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gate.errors import StoreError
from gate.store.engine import Database


def migrate(database: Database) -> None:
    """Upgrade to the newest revision, in one transaction.

    Raises StoreError when the database was written by a newer gate.
    """
    config = Config()
    config.set_main_option("script_location", "gate.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    with database.connect() as connection, connection.begin():
        present = MigrationContext.configure(connection).get_current_revision()
        if present is not None and present not in known:
            raise StoreError(
                f"the database was written by a newer version of the gate (schema {present})",
                where=database.where,
                mend="install that version again, or put back the backup made before its update",
            )
        if present != scripts.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
