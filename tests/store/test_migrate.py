"""From every earlier schema to the present one, with data."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from gate.errors import StoreError
from gate.events.event import Event
from gate.store import make_migration
from gate.store.engine import Database
from gate.store.migrate import alembic_config, is_behind, migrate, revision, revisions
from gate.store.settings import StoreSettings
from gate.store.store import Store

NOON = "2026-06-01 12:00:00.000000"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A register of schema 0001 with events, one of which waits in the outbox."""
    database = Database(f"sqlite:///{tmp_path}/gate.db")
    config = alembic_config()
    with database.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    database.close()
    with sqlite3.connect(tmp_path / "gate.db") as raw:
        for number in (1, 2):
            raw.execute(
                "INSERT INTO events (gate, sequence, id, time, type, body)"
                " VALUES ('north', ?, ?, ?, 'gate.started', ?)",
                (number, f"id-{number}", NOON, f'{{"sequence": {number}}}'),
            )
        raw.execute("INSERT INTO sequences (gate, last) VALUES ('north', 2)")
        raw.execute("INSERT INTO outbox VALUES ('north', 'mqtt', 2)")
    return tmp_path


@pytest.mark.slow
def test_events_numbers_and_outbox_survive_and_a_series_begins(
    old: Path, settings: StoreSettings
) -> None:
    before = int(time.time())
    with Store.open(settings, old, receivers=("mqtt",)) as store:
        assert revision(store.database) == "0009"
        assert not is_behind(store.database)
        assert [body["sequence"] for body in store.outbox.next("north", "mqtt")] == [2]
        written = store.events.append([Event.make("north", "gate.started", datetime.now(UTC))])[0]
        assert written.sequence == 3
        assert written.epoch is not None
        assert before <= written.epoch <= time.time()
        with pytest.raises(StoreError, match="written once"), store.database.write() as session:
            session.connection().exec_driver_sql("UPDATE events SET type = 'x'")


def test_the_names_of_the_scripts_are_their_revisions() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == revisions()
    assert scripts.get_current_head() == revisions()[-1]


@pytest.mark.slow
def test_migrating_twice_does_nothing(old: Path) -> None:
    database = Database(f"sqlite:///{old}/gate.db")
    migrate(database)
    assert not is_behind(database)
    migrate(database)
    database.close()


@pytest.mark.slow
def test_the_migrations_make_exactly_the_tables() -> None:
    assert make_migration.render("anything") is None
