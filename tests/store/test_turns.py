"""Who writes next: in the order of arrival, whoever else writes without a pause."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gate.store.database_errors import LockedError
from gate.store.engine import Database

_GENEROUS = 60.0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/gate.db"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, busy_timeout=_GENEROUS)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (x TEXT)"))
    yield database
    database.close()


def _insert(database: Database, what: str, *, urgent: bool = False) -> None:
    with database.write(urgent=urgent) as session:
        session.execute(text("INSERT INTO t VALUES (:x)"), {"x": what})


@pytest.mark.parametrize("shared", [True, False], ids=["threads", "connections"])
def test_a_write_waits_for_few_of_one_who_writes_without_a_pause(
    url: str, database: Database, shared: bool
) -> None:
    """With SQLite's own waiting it was hundreds, until it gave up: "database is locked"."""
    other = database if shared else Database(url, busy_timeout=_GENEROUS)
    stop = threading.Event()
    written = 0

    def without_a_pause() -> None:
        nonlocal written
        while not stop.is_set():
            with other.write() as session:
                session.execute(text("INSERT INTO t VALUES ('import')"))
                written += 1
                time.sleep(0.02)

    thread = threading.Thread(target=without_a_pause)
    thread.start()
    waits = []
    try:
        for _ in range(9):
            before = written
            while written == before:  # it writes, this thread was idle
                time.sleep(0.001)
            before = written
            with database.write() as session:
                session.execute(text("INSERT INTO t VALUES ('event')"))
                waits.append(written - before)
    finally:
        stop.set()
        thread.join()
    # the median: this thread may be kept off the processor before it stands in line
    assert statistics.median(waits) <= 2, waits
    if not shared:
        other.close()


def _line_up(database: Database, order: list[str], names: str, urgent: str = "") -> None:
    """Threads that wait behind this one, in the order of ``names``; then this one is done."""
    assert database._turns is not None

    def take(name: str) -> None:
        with database.write(urgent=name in urgent):
            order.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in names]
    with database.write():
        for count, thread in enumerate(threads, 1):
            thread.start()
            end = time.monotonic() + _GENEROUS
            while len(database._turns._line) < count:
                assert time.monotonic() < end
                time.sleep(0.001)
    for thread in threads:
        thread.join()


def test_threads_write_in_the_order_they_came(database: Database) -> None:
    order: list[str] = []
    _line_up(database, order, "abcdef")
    assert order == list("abcdef")


def test_an_order_to_the_door_goes_before_those_who_wait(database: Database) -> None:
    order: list[str] = []
    _line_up(database, order, "abcd", urgent="d")
    assert order == list("dabc")


def test_who_gives_up_leaves_the_line_and_says_who_was_in_the_way(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/gate.db", busy_timeout=0.05)
    failed: list[LockedError] = []

    def give_up() -> None:
        try:
            with database.write():
                raise AssertionError("two wrote at once")
        except LockedError as error:
            failed.append(error)

    thread = threading.Thread(target=give_up)
    with database.write():
        thread.start()
        thread.join()
    assert threading.current_thread().name in failed[0].what
    with database.write() as session:  # nobody who left is waited for
        session.execute(text("CREATE TABLE t (x TEXT)"))
    database.close()


def test_a_write_inside_another_of_the_same_thread_is_named_at_once(database: Database) -> None:
    """It waited for itself, and was then put down to "another process"."""
    with pytest.raises(LockedError, match="inside another"), database.write():
        _insert(database, "never")
    _insert(database, "afterwards")


def test_the_error_names_the_code_of_sqlite_and_the_other_process(
    url: str, database: Database, tmp_path: Path
) -> None:
    code = (
        "import sqlite3,sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('begun', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "gate.db")]
    hasty = Database(url, busy_timeout=0.05)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        with pytest.raises(LockedError) as raised:
            _insert(hasty, "no")
        process.communicate()
    assert "SQLITE_BUSY" in raised.value.what
    assert f"process {process.pid} is writing" in raised.value.what
    _insert(hasty, "yes")
    hasty.close()


def test_a_process_stopped_while_it_is_next_does_not_keep_others_out(
    url: str, database: Database
) -> None:
    hasty = Database(url, busy_timeout=0.1)
    assert database._turns is not None

    def stopped() -> bool:
        _insert(hasty, "past it")
        return True

    assert database._turns.begin(stopped)
    hasty.close()


def test_without_a_place_for_the_line_writes_go_on(url: str, tmp_path: Path) -> None:
    (tmp_path / "gate.db-turn").mkdir()  # cannot be opened as a file
    database = Database(url, busy_timeout=1)
    with database.write() as session:
        session.execute(text("CREATE TABLE t (x TEXT)"))
    database.close()
