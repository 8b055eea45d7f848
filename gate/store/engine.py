"""One database: how it is opened, read and written."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from gate import files
from gate.errors import StoreError
from gate.store import copies, register_copy
from gate.store.ballast import Reserve
from gate.store.database_errors import FAILING, LockedError, disk_full, locked, named, translate
from gate.store.turns import Turns

Value = TypeVar("Value")
_SPARING = 8192  # pages in the WAL before they are written back: 32 MiB
GONE = "gone"  # in Session.info: whose keys are destroyed after the commit
CONNECTIONS = 15  # of one database at one time: SQLAlchemy's 5, and 10 more when needed
_WIPING = 20  # milliseconds for which a checkpoint may keep writers out


class Database:
    """An engine, with ``read`` and ``write`` transactions.

    Shared by all threads. With SQLite a write transaction begins IMMEDIATE: it waits for its turn
    at the start (see ``turns``) and cannot fail half way because somebody else wrote meanwhile.
    """

    def __init__(self, url: str, busy_timeout: float = 5.0, *, sparing: bool = False) -> None:
        """``sparing``: an SQLite file is written back seldom, and commits do not wait for the disk.

        Then a power cut loses what was committed last; what is left is whole.
        """
        self.reserve: Reserve | None = None
        self.folder: Path | None = None  # where a dump of a database server may be put
        self.writes = 0  # transactions of this process that were committed
        # called once people (pseudonym, or "" for a face only; number) are gone from the register
        self.shred: Callable[[list[tuple[str, int]]], None] | None = None
        try:
            self.url = make_url(url)
            self.where = self.url.render_as_string(hide_password=True)
            self.path = _file_of(self.url.database) if self.is_sqlite else None
            self._wal = None if self.path is None else Path(f"{self.path}-wal")
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)  # the WAL takes over this mode
            self.engine = create_engine(
                # what is written is of people: it stands in no error
                self.url,
                hide_parameters=True,
                **self._arguments(busy_timeout),
            )
        except OSError as error:
            raise StoreError(
                f"the database file cannot be created or opened: {error.strerror or error}",
                where=str(error.filename or self.where),
                hint=FAILING
                if error.errno in (errno.EROFS, errno.EIO)
                else "check that the folder exists, and its owner and mode",
            ) from error
        except (ArgumentError, ImportError) as error:
            raise StoreError(
                f"not a usable database address: {error}",
                where=getattr(self, "where", "[store] url"),
                hint="write for example sqlite:///var/gate.db, and install the driver it names",
            ) from error
        self._turns = Turns(self.path, busy_timeout) if self.path is not None else None
        if self.is_sqlite:
            _listen(self.engine, self._turns, self.where, sparing=sparing)
        self._read = self.engine
        self._write = self.engine.execution_options(gate_write=True)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def _arguments(self, busy_timeout: float) -> dict[str, Any]:
        if not self.is_sqlite:
            return {
                "pool_pre_ping": True,
                "pool_timeout": busy_timeout,
                "connect_args": _limits(self.url.get_driver_name(), busy_timeout),
            }
        return {"connect_args": {"timeout": busy_timeout, "check_same_thread": False}}

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Differs once somebody has written, with SQLite also another process: for two things that
        happen within a tick of the file system's clock (4 ms) the size has to. Reads nothing."""
        if self._wal is None:
            return self.writes, 0, 0
        try:
            found = self._wal.stat()
        except OSError:  # nobody has written since it was opened
            return self.writes, 0, 0
        return self.writes, found.st_mtime_ns, found.st_size

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view. Rows stay usable after the end. Raises StoreError."""
        with self._session(self._read) as session:
            yield session

    @contextmanager
    def write(self, *, urgent: bool = False) -> Iterator[Session]:
        """One transaction: committed at the end, undone by any exception. Raises StoreError.

        ``urgent`` is for the few small writes that people must be able to make on a full disk:
        signing in, orders to the door. They may use the reserve (see ``ballast.Reserve``).
        """
        if self.reserve is not None and not self.reserve.before(urgent=urgent):
            raise disk_full(self.where)
        with self._turn(urgent=urgent), self._session(self._write) as session:
            yield session
            with named(self.where):
                session.commit()
            self.writes += 1
            gone = session.info.pop(GONE, None)
        if self.shred is not None and gone:  # after the turn: others need not wait for it
            self.shred(gone)

    def _turn(self, *, urgent: bool = False) -> AbstractContextManager[None]:
        return nullcontext() if self._turns is None else self._turns.taken(urgent=urgent)

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        session = Session(engine, expire_on_commit=False)
        try:
            yield session
        except SQLAlchemyError as error:
            raise translate(error, self.where) from error
        finally:
            session.close()

    @contextmanager
    def connect(self, *, write: bool = True) -> Iterator[Connection]:
        """A connection for migrations and maintenance; without ``write`` nobody waits for it."""
        engine = self._write if write else self._read
        turn = self._turn() if write else nullcontext()
        with turn, named(self.where), engine.connect() as connection:
            yield connection

    def check(self) -> None:
        """Raises StoreError when the file is damaged. Nothing to do for other databases."""
        if not self.is_sqlite:
            with self.connect(write=False):
                return
        with self.connect(write=False) as connection:  # seconds with a large file
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise StoreError(
                f"the database is damaged: {found}",
                where=self.where,
                hint="put the newest backup in its place: `gate restore FILE --replace`",
            )

    def wipe(self, patience: float = 2.0) -> bool:
        """Write everything back into the main file and empty the WAL.

        With ``secure_delete`` the freed pages are zeros, so after this nothing deleted is left in
        any of the files; copies that a backup or an update left behind are removed, and one of
        before a change of the schema after three days. Returns False when a reader was in the way
        all the time, or such a copy is still needed.
        """
        if not self.is_sqlite:
            return True
        alone = self.path is None or copies.remove_abandoned(self.path.parent)
        if self.path is not None:
            alone = register_copy.forget_old(self.path) and alone
        end = time.monotonic() + patience
        while True:
            done = self._empty_wal()
            if done or time.monotonic() >= end:
                return done and alone
            time.sleep(0.05)

    def _empty_wal(self) -> bool:
        """One attempt. It waits for readers while it keeps every writer out, so only briefly: with
        the connection's own time-out one long reader made all writes meanwhile fail as locked."""
        try:
            raw = self.engine.raw_connection()
        except sqlite3.OperationalError:  # no room for the files beside it
            return False
        cursor = raw.cursor()
        try:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # the long part: no locks
            before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout={_WIPING}")
            try:
                with self._turn():
                    busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.execute(f"PRAGMA busy_timeout={before}")
        except (sqlite3.OperationalError, LockedError):
            return False
        finally:
            raw.close()
        return not busy

    def shrink(self, pages: int = 2000) -> None:
        """Give free pages of an SQLite file back to the disk; a few at a time, so it is quick."""
        if not self.is_sqlite:
            return
        raw = self.engine.raw_connection()
        try:
            with self._turn():
                raw.cursor().execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"the database cannot be compacted: {error}",
                where=self.where,
                hint="check the disk; the gate tries again later",
            ) from error
        finally:
            raw.close()

    def backup(self, target: Path) -> None:
        """A compact copy of an SQLite database, taken while others write. Raises StoreError."""
        if not self.is_sqlite:
            raise StoreError(
                "only SQLite databases are copied by the gate",
                where=self.where,
                hint="use the backup tool of your database server",
            )
        if target.exists():
            raise StoreError(
                "the backup file exists already", where=str(target), hint="name another"
            )
        raw = self.engine.raw_connection()
        try:
            connection = raw.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            files.require_room(target.parent, register_copy.size_of(connection))
            register_copy.copy_into(connection, target)
            target.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            cause = getattr(error, "strerror", None) or error
            raise StoreError(
                f"the backup cannot be written: {cause}",
                where=str(target),
                hint="check the folder, and the room on its disk",
            ) from error
        finally:
            raw.close()

    def close(self) -> None:
        self.engine.dispose()
        if self._turns is not None:
            self._turns.close()


def _limits(driver: str, seconds: float) -> dict[str, Any]:
    """Arguments by which a driver of a database server gives up after ``seconds``."""
    whole = max(1, round(seconds))
    if driver.startswith("psycopg"):
        milliseconds = round(1000 * seconds)
        return {
            "connect_timeout": whole,
            "tcp_user_timeout": milliseconds,
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
        }
    if driver in ("pymysql", "mysqldb"):
        return {"connect_timeout": whole, "read_timeout": whole, "write_timeout": whole}
    return {}


def pieces(values: Iterable[Value], size: int = 10_000) -> Iterator[list[Value]]:
    """Lists of ``size``; 10,000 fit an IN: SQLite takes 32,766 variables, PostgreSQL 65,535."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _file_of(database: str | None) -> Path | None:
    if not database or database == ":memory:" or database.startswith("file:"):
        return None
    return Path(database)


def _listen(engine: Engine, turns: Turns | None, where: str, *, sparing: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        cursor = connection.cursor()
        # before the first page is written, which WAL does; later it would only wait for the lock
        # of writers, at each new connection, of readers too
        if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL" if sparing else "synchronous=FULL",
            f"wal_autocheckpoint={_SPARING if sparing else 1000}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("gate_write")
        if writes and turns is not None:
            _begin_in_turn(connection, turns, where)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_in_turn(connection: Connection, turns: Turns, where: str) -> None:
    """BEGIN IMMEDIATE, without SQLite's own waiting: that sleeps up to 100 ms between two looks."""
    code = ""

    def attempt() -> bool:
        nonlocal code
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorname", "")
            if not code.startswith("SQLITE_BUSY"):
                raise
            return False
        return True

    patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        if not turns.begin(attempt):
            raise locked(where, code, turns.holder())
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
