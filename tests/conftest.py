"""What all tests share: reproducible examples, a database that is quickly there, loads of examples.

``GATE_SOAK=1`` (``make soak``) draws fifty times as many examples and frames as ``make test``,
``GATE_QUICK=1`` (``make check``) a quarter of the examples.
"""

# ruff: noqa: E402
from __future__ import annotations

import gc
import os
import re

# numpy and OpenCV work in one thread here and in every program that a test starts: several
# processes run tests, and threads that wait for each other took two thirds of the processor of a
# calibration. Both look when they are loaded, so this comes before every other import.
for _library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_library, "1")

# commands speak the language of the terminal; what tests look for is English
os.environ["LANG"] = "C.UTF-8"
for _name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)

# importing five hundred files of tests leaves no garbage: looking for it takes a tenth of the time;
# pytest_collection_finish enables it, and what was imported by then is not looked at again
gc.disable()

import shutil
import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast
from weakref import WeakSet

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import configure_mappers
from sqlalchemy.util import LRUCache

import enroll.passwords
import gate.store.engine as engine_module
import gate.store.store as store_module
from gate.store.engine import Database
from gate.store.migrate import migrate
from tests.costs import Costs
from tests.effort import QUICK, SOAK
from tests.postgresql import Server, server_or_skip
from tests.warm import served_from_here

settings.register_profile("test", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.register_profile("soak", deadline=None, max_examples=5_000)
settings.register_profile("quick", settings.get_profile("test"), max_examples=25)
settings.load_profile("soak" if SOAK else "quick" if QUICK else "test")


# argon2id as the desk uses it takes a tenth of a second and 64 MB; tests/enroll/test_passwords.py
# checks those parameters
enroll.passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# files whose tests take longest, begun first so that none of them runs alone at the end
LONGEST = (
    "tests/update/test_run.py",
    "tests/benchmarks/test_clocks.py",
    "tests/enroll/test_day_in_chromium.py",
    "tests/integrations/test_home_assistant_files.py",
    "tests/daemon/test_learning_from_cards.py",
    "tests/enroll/test_pages_in_chromium.py",
    "tests/district/test_run.py",
    "tests/camera/test_rtsp.py",
    "tests/replica/test_trial.py",
    "tests/daemon/test_with_controller.py",
    "tests/integrations/test_chaos.py",
    "tests/daemon/test_kill.py",
    "tests/evaluation/test_synthetic_gallery.py",
    "tests/demo/test_scenes.py",
    "tests/demo/test_replay.py",
    "tests/benchmarks/soak/test_day.py",
    "tests/daemon/test_daemon.py",
    "tests/store/test_people_store.py",
    "tests/commands/test_desk_command.py",
    "tests/daemon/test_with_export.py",
    "tests/importing/test_round_trip.py",
    "tests/demo/test_registries.py",
    "tests/store/test_event_store.py",
    "tests/setup/test_wheel.py",
    "tests/enroll/test_not_seen_pages.py",
    "tests/benchmarks/test_safety.py",
    "tests/store/test_heads.py",
    "tests/enroll/test_attacks.py",
    "tests/exporting/test_exporter.py",
    "tests/hub/test_guarantees.py",
    "tests/enroll/test_schemathesis.py",
    "tests/test_cli.py",
    "tests/importing/test_import.py",
    "tests/hub/test_membership.py",
    "tests/readers/out/test_peripheral.py",
    "tests/test_fixtures.py",
    "tests/texts/test_third_language.py",
)


def pytest_configure(config: pytest.Config) -> None:
    if QUICK:
        config.pluginmanager.register(Costs())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; processes take whole files in this order."""
    first = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.nodeid.split("::")[0], len(first)))


_ALL_SLOW = re.compile(r"^pytestmark = (\[[^]]*)?pytest\.mark\.slow", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """``make check`` does not import the files whose tests are all slow."""
    if QUICK and collection_path.suffix == ".py":
        return bool(_ALL_SLOW.search(collection_path.read_text("utf-8"))) or None
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("processes", 0) and not session.config.option.collectonly:
        # once for all processes
        _quick.template(session.config)
        configure_mappers()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    if session.config.getoption("processes", 0) and not session.config.option.collectonly:
        with served_from_here():  # one server for all processes
            return (yield)
    return (yield)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL of this process's own; the tests that need one skip where there is none."""
    server = server_or_skip("-c", "fsync=off")
    server.start()
    yield server
    server.close()


@pytest.fixture
def postgresql(postgresql_server: Server) -> str:
    """The address of an empty database."""
    return postgresql_server.database()


class _Quick:
    """Opens new databases as copies of one that was migrated once, and without waiting for disks.

    Not so in tests marked ``durable``: those of the database's own files and settings.
    """

    durable = False
    _template: Path | None = None

    def __init__(self) -> None:
        self._copies: WeakSet[Database] = WeakSet()

    def template(self, config: pytest.Config) -> Path:
        """An empty database of the present schema, made when it is first asked for."""
        if self._template is None:
            folders = cast(pytest.TempPathFactory, config._tmp_path_factory)  # type: ignore[attr-defined]
            self._template = folders.mktemp("template") / "gate.db"
            database = Database(f"sqlite:///{self._template}")
            migrate(database)
            database.close()
        return self._template

    def database(self, url: str, *given: Any, config: pytest.Config, **named: Any) -> Database:
        """In the place of the class: one that is not there is a copy."""
        sqlite, path = url[:10] == "sqlite:///", Path(url[10:])
        copied = sqlite and not self.durable and self._copied(path, config)
        made = Database(url, *given, **named)
        if copied:
            self._copies.add(made)
        return made

    def _copied(self, path: Path, config: pytest.Config) -> bool:
        """Whether there was none, and now there is a copy, whole as soon as it has its name."""
        if path.exists():
            return False
        part = path.with_name(f".copied-{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.template(config), part)
            part.chmod(0o600)
            os.link(part, path)
        except OSError:  # no place, or somebody was quicker
            return False
        finally:
            with suppress(OSError):
                part.unlink()
        return True

    def migrate(self, database: Database, *, copied: bool = True, config: pytest.Config) -> None:
        if not self.durable and database.is_sqlite:
            event.listen(database.engine, "connect", _without_waiting)
            raw = database.engine.raw_connection()
            try:
                connection = cast(sqlite3.Connection, raw.driver_connection)
                _without_waiting(connection)
            finally:
                raw.close()
            if database in self._copies:
                return  # of the present schema
        migrate(database, copied=copied)


_quick = _Quick()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _quick.durable = item.get_closest_marker("durable") is not None


@pytest.fixture(scope="session", autouse=True)
def _quick_databases(pytestconfig: pytest.Config) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "Database", partial(_quick.database, config=pytestconfig))
        patch.setattr(store_module, "migrate", partial(_quick.migrate, config=pytestconfig))
        # each test opens a database, and each engine would translate the same statements into SQL
        # again: a tenth of the time of many tests
        patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda one: hash(type(one)))
        patch.setattr(engine_module, "create_engine", _engine)
        yield


_statements: LRUCache[Any, Any] = LRUCache(4_000)


def _engine(*arguments: Any, **named: Any) -> Engine:
    """``create_engine``; those of SQLite know the statements of each other."""
    made = create_engine(*arguments, **named)
    if isinstance(made.dialect, SQLiteDialect_pysqlite):
        made._compiled_cache = _statements
    return made


def _without_waiting(connection: sqlite3.Connection, record: object = None) -> None:
    connection.execute("PRAGMA synchronous=OFF")
