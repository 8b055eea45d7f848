"""Before its schema changes a register on PostgreSQL is dumped; without that it stays as it was."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import make_url, text

from benchmarks.postgresql import binaries
from gate.errors import StoreError
from gate.store import server_copy
from gate.store.engine import Database
from gate.store.migrate import alembic_config, migrate, revision, revisions
from gate.store.register_copy import KEPT
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.texts.terminal import reworded
from tests.waiting import PATIENCE, wait_for
from tests.warm import Task

pytestmark = pytest.mark.slow
OLD, NEW = "0008", revisions()[-1]


@pytest.fixture
def old(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty register of version 0.1; PostgreSQL's programs are found."""
    monkeypatch.setenv("PATH", f"{binaries()}:{os.environ['PATH']}")
    database = Database(postgresql)
    config = alembic_config()
    with database.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
    database.close()
    return postgresql


def opened(url: str, data: Path) -> Store:
    return Store.open(StoreSettings.model_validate({"url": url, "ballast": 0}), data)


def dumps(data: Path) -> set[str]:
    return {path.name for path in data.iterdir() if "before" in path.name}


def schema(url: str) -> str | None:
    database = Database(url)
    try:
        return revision(database)
    finally:
        database.close()


def test_the_register_of_before_is_kept_three_days_and_can_be_put_back(
    old: str, tmp_path: Path, postgresql_server: object
) -> None:
    with opened(old, tmp_path) as store:
        assert revision(store.database) == NEW
        copy = tmp_path / f"register-{OLD}.before"
        assert dumps(tmp_path) == {copy.name}
        assert copy.stat().st_mode & 0o777 == 0o600
        empty = postgresql_server.database()  # type: ignore[attr-defined]
        url = make_url(empty)
        into = f"--dbname=host={url.query['host']} user={url.username} dbname={url.database}"
        subprocess.run(["pg_restore", "--exit-on-error", into, copy], check=True)
        assert schema(empty) == OLD
        store.tidy()
        assert copy.exists()
        os.utime(copy, (time.time() - KEPT - 1,) * 2)
        store.tidy()
        assert dumps(tmp_path) == set()
    with opened(old, tmp_path):  # nothing to change, nothing to copy
        assert dumps(tmp_path) == set()


def test_a_register_that_cannot_be_dumped_is_not_changed(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as nowhere:
        nowhere.setenv("PATH", str(tmp_path))
        with pytest.raises(StoreError, match="there is no pg_dump") as caught:
            opened(old, tmp_path)
    assert server_copy.UNCOPIED in caught.value.hint
    assert "pg_dump" in reworded(caught.value.what, "zh")
    assert reworded(caught.value.what, "zh") != caught.value.what
    assert schema(old) == OLD
    assert dumps(tmp_path) == set()
    with monkeypatch.context() as told:
        told.setenv("PATH", str(tmp_path))
        told.setenv(server_copy.UNCOPIED, "1")
        opened(old, tmp_path).close()
    assert schema(old) == NEW
    assert dumps(tmp_path) == set()


@pytest.mark.parametrize(
    "program", ["echo server version mismatch >&2; exit 1", 'touch "${@: -1}"; exit 0']
)
def test_a_dump_that_failed_or_is_not_whole_counts_as_none(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    fake = tmp_path / "bin" / "pg_dump"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/bash\n{program}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(StoreError, match="no copy of it could be made first"):
        opened(old, tmp_path)
    assert schema(old) == OLD
    assert not [path for path in tmp_path.iterdir() if "before" in path.name]


def test_a_password_is_in_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    fake = tmp_path / "pg_dump"
    fake.write_text(f'#!/bin/bash\necho "$@" > {said}\necho "$PGPASSWORD" >> {said}\nexit 1\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = make_url("postgresql+psycopg://gate:secret@db:5433/register?sslmode=verify-full")
    with pytest.raises(server_copy.NoCopyError):
        server_copy.copy_before(url, tmp_path, OLD)
    arguments, password = said.read_text().splitlines()
    assert password == "secret"
    assert "secret" not in arguments
    for part in ("host=db", "port=5433", "user=gate", "dbname=register", "sslmode=verify-full"):
        assert part in arguments


def migrates(url: str) -> None:
    database = Database(url, PATIENCE)
    migrate(database, copied=False)
    database.close()


def test_programs_that_start_at_one_moment_change_the_schema_once(old: str, tmp_path: Path) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    outs = [tmp_path / f"out-{n}" for n in range(3)]
    database, other = Database(old), Database(old)
    with database.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        tasks = [Task(migrates, old, out=out) for out in outs]

        def all_wait() -> bool:
            with other.connect(write=False) as seen:
                return bool(seen.execute(waiting).scalar() == len(tasks))

        wait_for(all_wait)  # to see that the schema is old
    assert [task.wait() for task in tasks] == [0, 0, 0], [out.read_text() for out in outs]
    database.close()
    other.close()
    assert schema(old) == NEW
