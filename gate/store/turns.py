"""Whose turn it is to write an SQLite file.

SQLite lets one write at a time, and whoever waits looks again after 1 to 100 ms. Nobody is in a
queue: of those who write one after the other, each takes the lock again before one that sleeps
looks, until that one gives up ("database is locked", ``SQLITE_BUSY``). Here threads of a process
write in the order they came, and of the processes one at a time is next in line: whoever has
written gets behind it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.store.database_errors import LockedError, locked

_PAUSES = (0.0005, 0.001, 0.002, 0.005)  # seconds between two looks at a lock of another process
_WRITER = "120"  # the byte of the ``-shm`` file that a writer has locked (sqlite.org/walformat)


class _Place:
    """Where a thread waits for its turn."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self.turn = threading.Event()


class Turns:
    """The turns of one database file. Shared by all threads of a process.

    Args:
        path: the database; beside it, ``NAME-turn`` is the place of whoever is next in line.
            Empty, locked with ``flock``, never written: it wears no SD card.
        patience: seconds after which waiting ends with LockedError.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self._database = path
        self._path = path.with_name(path.name + "-turn")
        self._patience = patience
        self._lock = threading.Lock()  # guards what follows
        self._line: deque[_Place] = deque()
        self._owner: threading.Thread | None = None
        self._since = 0.0
        self._file: int | None = None

    @contextmanager
    def taken(self, *, urgent: bool = False) -> Iterator[None]:
        """No other thread of this process writes inside. ``urgent`` goes before all who wait."""
        end = time.monotonic() + self._patience
        self._take(end, urgent=urgent)
        try:
            yield
        finally:
            self._give()

    def begin(self, attempt: Callable[[], bool]) -> bool:
        """Try until it succeeds or patience ends, next in line among the processes meanwhile.

        Args:
            attempt: begins a transaction; False when another process is writing.
        """
        begun = time.monotonic()
        end = begun + self._patience
        file = self._opened()
        # by chance, as SQLite does, in a folder without room for one more file, and past a process
        # that was stopped while it was next
        if file is None or not _until(begun + self._patience / 2, lambda: _locked(file)):
            return _until(end, attempt)
        try:
            return _until(end, attempt)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def holder(self) -> str:
        """Who writes at the moment, for the log; empty when that cannot be known."""
        with self._lock:
            owner, since = self._owner, time.monotonic() - self._since
        if owner is not None and owner is not threading.current_thread():
            return f"thread {owner.name} of this process has been writing for {since:.1f} s"
        process = self._locking()
        if process is None:
            return ""
        if process == os.getpid():
            return "this process writes to it through another connection"
        with suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            line = b" ".join(words).decode(errors="replace").strip()
            return f"process {process} is writing: {line[:120]}"
        return f"process {process} is writing"

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _take(self, end: float, *, urgent: bool) -> None:
        me = threading.current_thread()
        with self._lock:
            if self._owner is me:
                raise LockedError(
                    "a write was begun inside another one of the same thread",
                    where=str(self._database),
                    hint="a fault of the program: please report it with the log",
                )
            if self._owner is None:
                self._owner, self._since = me, time.monotonic()
                return
            mine = _Place(me)
            self._line.insert(0 if urgent else len(self._line), mine)
        if mine.turn.wait(max(0.0, end - time.monotonic())):
            return
        holder = self.holder()
        with self._lock:
            if mine in self._line:  # not meanwhile
                self._line.remove(mine)
                raise locked(str(self._database), "", holder)

    def _give(self) -> None:
        with self._lock:
            following = self._line.popleft() if self._line else None
            self._owner = following.thread if following else None
            self._since = time.monotonic()
        if following is not None:
            following.turn.set()

    def _opened(self) -> int | None:
        with self._lock:
            if self._file is None:
                with suppress(OSError):
                    self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                    if os.geteuid() == 0:  # a command of root's must not shut the gate's user out
                        owner = self._database.stat()
                        os.fchown(self._file, owner.st_uid, owner.st_gid)
            return self._file

    def _locking(self) -> int | None:
        """The process that has SQLite's lock of writers, from the kernel's table of locks.

        Opening the file itself and closing it again would release this process' own locks on it.
        """
        with suppress(OSError):
            inode = str(self._database.with_name(self._database.name + "-shm").stat().st_ino)
            holders: dict[str, int] = {}
            for line in Path("/proc/locks").read_text().splitlines():
                words = line.split()
                if len(words) == 8 and words[1] == "POSIX" and words[6] == words[7] == _WRITER:
                    holders[words[5].rpartition(":")[2]] = int(words[4])
            return holders.get(inode)
        return None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _until(end: float, attempt: Callable[[], bool]) -> bool:
    """Whether ``attempt`` succeeded before ``end``; tried at least once."""
    tries = 0
    while not attempt():
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
        tries += 1
    return True
