"""How one database is shared by those who read, write and wipe."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from gate.store.engine import Database, pieces
from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.mark.slow
@pytest.mark.durable
def test_wiping_never_keeps_writers_out_while_somebody_reads(tmp_path: Path) -> None:
    """Waiting for the reader, it once held the lock of all writers: they failed as locked."""
    url = f"sqlite:///{tmp_path}/gate.db"
    database, writer = Database(url, busy_timeout=5), Database(url, busy_timeout=1)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (x INTEGER)"))
    wiped: list[bool] = []
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 0
        with writer.write() as other:
            other.execute(text("INSERT INTO t VALUES (0)"))
        thread = threading.Thread(target=lambda: wiped.append(database.wipe(patience=3)))
        thread.start()
        written = 0
        while thread.is_alive():
            with writer.write() as other:  # raises LockedError after a second
                other.execute(text("INSERT INTO t VALUES (1)"))
            written += 1
            time.sleep(0.01)
        thread.join()
    assert wiped == [False]  # the reader was there all the time
    assert written > 1
    assert database.wipe()
    assert (tmp_path / "gate.db-wal").stat().st_size == 0
    writer.close()
    database.close()


def test_a_database_is_opened_while_another_process_writes(
    tmp_path: Path, settings: StoreSettings
) -> None:
    with Store.open(settings, tmp_path) as first, first.database.write() as session:
        session.connection()  # the transaction begins here
        with Store.open(settings, tmp_path) as second:
            assert second.people.count() == 0


def test_a_new_connection_reads_while_another_process_writes(
    tmp_path: Path, settings: StoreSettings
) -> None:
    with Store.open(settings, tmp_path) as first, Store.open(settings, tmp_path) as second:
        second.database.engine.dispose()  # the next one is made now
        with first.database.write() as session:
            session.connection()
            assert second.people.count() == 0


@pytest.mark.slow
def test_more_people_than_one_statement_takes_are_asked_for_in_pieces(tmp_path: Path) -> None:
    many = range(1, 300_001)
    assert max(map(len, pieces(many))) <= 32_766, "SQLite takes no more variables"
    assert [person for some in pieces(many) for person in some] == list(many)
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        known = store.people.create_many([{"name": "Li"}, {"name": "Wang"}])
        assert set(store.people.register(frozenset(many))) == set(known)
        assert store.templates.of(many, "e/1") == []


def test_the_stamp_shows_that_somebody_wrote_and_stays_while_all_only_read(
    tmp_path: Path, settings: StoreSettings
) -> None:
    with Store.open(settings, tmp_path) as first, Store.open(settings, tmp_path) as second:
        first.people.create("Li")
        before = first.database.stamp
        assert second.people.count() == first.people.count() == 1
        assert first.database.stamp == before
        second.people.create("Wang")  # another process would do the same
        between = first.database.stamp
        assert between != before
        first.people.create("Zhao")
        assert first.database.stamp != between
