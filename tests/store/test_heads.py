"""Nobody who follows the numbers misses a change, whatever the order of commits; on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.store.changes import touch
from gate.store.database_errors import ConflictError
from gate.store.heads import Head, at_commit, raise_head
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import CalibrationRow, PersonRow
from tests.effort import rounds
from tests.warm import Task

WRITERS = rounds(4, 8)  # processes; each with threads of its own
THREADS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the same register again and again, as several programs do."""
    url = "sqlite:///gate.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
    settings = StoreSettings.model_validate({"url": url, "busy_timeout": 30})

    def opened() -> Store:
        return Store.open(settings, tmp_path)

    opened().close()
    return opened


@pytest.mark.slow
def test_the_one_that_commits_last_has_the_highest_number(shared: Callable[[], Store]) -> None:
    """The lost change: a writer that began first commits last, while a reader has gone further."""
    with shared() as slow, shared() as quick:
        first = slow.people.create("first").id
        second = slow.people.create("second").id
        seen = slow.changes.generation()
        begun, go_on = threading.Event(), threading.Event()

        def writes_slowly() -> None:
            with slow.database.write() as session:
                row = session.get(PersonRow, first)
                assert row is not None
                row.blocked = True
                touch(session, first)
                begun.set()
                # PostgreSQL lets the other write meanwhile, SQLite one at a time
                go_on.wait(60 if not slow.database.is_sqlite else 0)

        thread = threading.Thread(target=writes_slowly)
        thread.start()
        assert begun.wait(60)
        quick.people.update(second, blocked=True)
        seen, changed = quick.changes.since(seen)
        assert changed is not None
        assert second in changed
        go_on.set()
        thread.join(60)
        _, later = quick.changes.since(seen)
        assert later is not None
        assert first in changed | later


@pytest.mark.slow
@pytest.mark.timeout(rounds(600, 3_600))
def test_ten_thousand_writes_of_many_writers_lose_no_change(
    postgresql: str, tmp_path: Path
) -> None:
    writes = rounds(800, 10_000)
    settings = StoreSettings.model_validate({"url": postgresql, "busy_timeout": 60})
    with Store.open(settings, tmp_path) as store:
        people = store.people.create_many({"name": f"{n}", "note": "0"} for n in range(50))
        start = seen = store.changes.generation()
        noted: dict[int, str] = {}
        share = writes // WRITERS
        said = tmp_path / "said"
        processes = [
            Task(_writer, postgresql, tmp_path, people, share, number, out=said)
            for number in range(WRITERS)
        ]
        while any(process.poll() is None for process in processes) or noted != _notes(store):
            seen, changed = store.changes.since(seen)
            assert changed is not None
            for person in changed:
                row = store.people.get(person)
                assert row is not None
                noted[person] = row.note
            if not changed and all(process.poll() is not None for process in processes):
                break
            time.sleep(0.001)
        assert [process.poll() for process in processes] == [0] * WRITERS, said.read_text()
        # what the reader believes at the end is what the register holds: no change was lost
        assert noted == _notes(store)
        # and the numbers are without a gap
        assert store.changes.generation() == start + share * WRITERS
        assert store.audit.verify() == []
        assert store.audit.head()[0] == share * WRITERS // 10


def _notes(store: Store) -> dict[int, str]:
    return {row.id: row.note for row in store.people.find(limit=1000)}


def _writer(url: str, data: Path, people: list[int], writes: int, number: int) -> None:
    settings = StoreSettings.model_validate({"url": url, "busy_timeout": 60})
    with Store.open(settings, data) as store, ThreadPoolExecutor(THREADS) as pool:

        def write(n: int) -> None:
            person = people[(n * 7 + number) % len(people)]
            store.people.update(person, note=f"{number}/{n}")
            if n % 10 == 0:
                store.audit.note("clerk", "person.change", str(person))

        list(pool.map(write, range(writes)))


@pytest.mark.slow
def test_twelve_lock_downs_at_one_moment_are_all_written_down(shared: Callable[[], Store]) -> None:
    stores = [shared() for _ in range(12)]
    together = threading.Barrier(12)

    def lock_down(number: int) -> None:
        together.wait(60)
        stores[number].orders.give(f"gate-{number}", "lockdown", "guard")
        stores[number].audit.note("guard", "order.lockdown", f"gate-{number}")

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lock_down, range(12)))
    assert stores[0].audit.verify() == []
    assert stores[0].audit.head()[0] == 12
    assert len(stores[0].orders.latest(limit=50)) == 12
    for store in stores:
        store.close()


@pytest.mark.slow
def test_of_many_calibrations_put_into_use_at_once_one_is(shared: Callable[[], Store]) -> None:
    stores = [shared() for _ in range(6)]
    together = threading.Barrier(6)

    def put(number: int) -> None:
        together.wait(60)
        for turn in range(5):
            with suppress(ConflictError):
                stores[number].calibrations.add("site", "e/1", f"{number}.{turn}", b"", after="")
            stores[number].calibrations.add("site", "e/1", f"{number}/{turn}", b"")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(put, range(6)))
    rows = stores[0].calibrations.versions("site", "e/1")
    assert sum(row.active for row in rows) == 1
    for store in stores:
        store.close()


def test_the_database_itself_refuses_a_second_one_in_use(store: Store) -> None:
    store.calibrations.add("site", "e/1", "1", b"")
    with pytest.raises(ConflictError), store.database.write() as session:
        session.add(CalibrationRow(kind="site", encoder="e/1", version="2", body=b"", active=True))


def test_heads_are_raised_last_and_in_their_order(store: Store) -> None:
    done: list[str] = []
    with store.database.write() as session:
        at_commit(session, Head.CHANGES, lambda _: done.append("changes"))
        at_commit(session, Head.AUDIT, lambda _: done.append("audit"))
        assert done == []
    assert done == ["audit", "changes"]


def test_what_a_job_raises_undoes_the_transaction(store: Store) -> None:
    def fail(_: object) -> None:
        raise StoreError("no", where="here", hint="none")

    def write() -> None:
        with store.database.write() as session:
            session.add(PersonRow(name="nobody"))
            at_commit(session, Head.CHANGES, fail)

    with pytest.raises(StoreError, match="no"):
        write()
    assert store.people.count() == 0


def test_a_transaction_undone_leaves_no_gap(store: Store) -> None:
    def write_and_fail() -> None:
        with store.database.write() as session:
            raise_head(session, Head.CHANGES, 5)
            raise ZeroDivisionError

    with store.database.write() as session:
        first = raise_head(session, Head.CHANGES)
    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with store.database.write() as session:
        assert raise_head(session, Head.CHANGES) == first + 1
