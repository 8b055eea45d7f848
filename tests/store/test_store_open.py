"""Opening: migrations, the key, and every way the outside can be wrong."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gate.errors import StoreError
from gate.store import engine
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import Base
from tests.store.databases import ON_FILES


@pytest.mark.slow
def test_the_migration_makes_exactly_the_tables(store: Store) -> None:
    with store.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_opening_twice_changes_nothing(tmp_path: Path, settings: StoreSettings) -> None:
    with Store.open(settings, tmp_path) as first:
        person = first.people.create("王秀英").id
    with Store.open(settings, tmp_path) as second:
        row = second.people.get(person)
        assert row is not None
        assert row.name == "王秀英"


@pytest.mark.slow
@ON_FILES
@pytest.mark.durable
def test_the_database_is_durable_and_forgets(store: Store) -> None:
    raw = store.database.engine.raw_connection()
    found = {
        pragma: raw.cursor().execute(f"PRAGMA {pragma}").fetchone()[0]
        for pragma in (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "secure_delete",
            "auto_vacuum",
        )
    }
    raw.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "auto_vacuum": 2,
    }


@ON_FILES
def test_only_the_owner_reads_database_and_key(tmp_path: Path, store: Store) -> None:
    for name in ("gate.db", "gate.db-wal", "gate.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, name


def test_a_newer_schema_is_refused(tmp_path: Path, settings: StoreSettings) -> None:
    Store.open(settings, tmp_path).close()
    with sqlite3.connect(tmp_path / "gate.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of the gate"):
        Store.open(settings, tmp_path)


@ON_FILES
def test_a_locked_database_is_named(tmp_path: Path, store: Store) -> None:
    other = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        store.people.create("A")
    other.execute("ROLLBACK")
    assert store.people.create("A").id


def test_a_damaged_database_is_named(tmp_path: Path, settings: StoreSettings) -> None:
    Store.open(settings, tmp_path).close()
    file = tmp_path / "gate.db"
    content = bytearray(file.read_bytes())
    content[4096:12288] = os.urandom(8192)
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        Store.open(settings, tmp_path)
    assert "backup" in caught.value.hint


def test_a_file_that_is_no_database_is_named(tmp_path: Path, settings: StoreSettings) -> None:
    (tmp_path / "gate.db").write_text("a letter to the management, longer than a header" * 99)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(settings, tmp_path)


@pytest.mark.parametrize("url", ["nonsense", "nodialect://x/y", "sqlite:////proc/none/gate.db"])
def test_an_address_that_cannot_be_opened_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError):
        Store.open(StoreSettings.model_validate({"url": url}), tmp_path)


def test_a_password_in_the_address_is_never_shown(tmp_path: Path) -> None:
    settings = StoreSettings.model_validate({"url": "postgresql://gate:geheim@127.0.0.1:1/x"})
    assert "geheim" not in repr(settings)
    with pytest.raises(StoreError) as caught:
        Store.open(settings, tmp_path)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "missing"), ("not hex", "does not hold a key"), ("00" * 32, "does not belong")],
)
def test_a_wrong_key_is_named(
    tmp_path: Path, settings: StoreSettings, content: str | None, message: str
) -> None:
    Store.open(settings, tmp_path).close()
    key = tmp_path / "gate.key"
    key.unlink()
    if content is not None:
        key.write_text(content)
        key.chmod(0o600)
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(settings, tmp_path)
    assert caught.value.where == str(key)
    assert caught.value.hint


def test_a_key_others_can_read_is_refused(tmp_path: Path, settings: StoreSettings) -> None:
    Store.open(settings, tmp_path).close()
    (tmp_path / "gate.key").chmod(0o644)
    with pytest.raises(StoreError, match="other users can read"):
        Store.open(settings, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_key_is_named(tmp_path: Path, settings: StoreSettings) -> None:
    Store.open(settings, tmp_path).close()
    (tmp_path / "gate.key").chmod(0)
    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(settings, tmp_path)


def test_a_key_that_is_a_folder_is_named(tmp_path: Path, settings: StoreSettings) -> None:
    (tmp_path / "gate.key").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(settings, tmp_path)


@ON_FILES
def test_a_backup_is_a_whole_database(tmp_path: Path, store: Store) -> None:
    store.people.create("A")
    store.database.backup(tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT count(*) FROM people").fetchone() == (1,)
    with pytest.raises(StoreError, match="exists already"):
        store.database.backup(tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("driver", "limited"),
    [
        ("psycopg", {"connect_timeout", "tcp_user_timeout", "options"}),
        ("psycopg2", {"connect_timeout", "tcp_user_timeout", "options"}),
        ("pymysql", {"connect_timeout", "read_timeout", "write_timeout"}),
    ],
)
def test_every_call_to_a_database_server_has_a_time_limit(driver: str, limited: set[str]) -> None:
    assert set(engine._limits(driver, 5.0)) == limited
