"""``gate run``: the daemon."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gate.clock import use_zone
from gate.commands import Config
from gate.config import from_hub
from gate.config.settings import DEFAULT, Settings, load
from gate.errors import ConfigurationError, GateError, StoreError

if TYPE_CHECKING:
    from gate.daemon.daemon import Daemon


def run(config: Config = DEFAULT) -> None:
    """Run the gate: camera, recognition, decision, relay, event.

    Ends on SIGTERM or Ctrl-C with every relay at rest and every event written.
    """
    settings = load(config)
    from gate import log
    from gate.daemon import memory_run
    from gate.services.garbage import settle

    cause = memory_run.why_from_memory(settings, full=False)
    if not cause and from_hub.started(settings.data):
        settings = load(config)
    use_zone(settings.timezone)
    log.set_up(settings.log)
    with alone(settings.data, settings.name, cause):
        settle()
        run = _Run(settings, config)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, run.end)
        run.serve(cause)
        # systemd starts the gate again by itself; elsewhere the same process does, for whoever
        # looks after it
        if run.again and "NOTIFY_SOCKET" not in os.environ:
            logging.shutdown()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
        if run.overdue:  # the interpreter would wait for the thread that hangs
            logging.shutdown()
            os._exit(0)


class _Run:
    """The daemon of this process, and the signals that end it."""

    def __init__(self, settings: Settings, config: Path) -> None:
        self._settings, self._config = settings, config
        self.daemon: Daemon | None = None
        self.ended: list[int] = []  # by a signal: not to be started again

    @property
    def again(self) -> bool:
        """Whether it ended to be started again."""
        return self.daemon is not None and self.daemon.again and not self.ended

    @property
    def overdue(self) -> bool:
        """Whether one of its threads hangs."""
        return self.daemon is not None and self.daemon.overdue

    def end(self, number: int, _: object) -> None:
        self.ended.append(number)
        if self.daemon is not None:
            self.daemon.stop(signal.Signals(number).name)

    def serve(self, cause: str) -> None:
        """Until the end, from the disk or, where it cannot be written, from memory.

        ``cause``: why it cannot be; "" as far as is known. Raises GateError, OSError.
        """
        from gate.daemon import memory_run

        memory_run.settle(self._settings)
        if not cause:
            cause = self._from_disk()
        if cause and not self.ended:
            self._from_memory(cause)

    def _from_disk(self) -> str:
        """Why the gate has to run from memory; "" at the end of a run from the disk."""
        from gate.daemon import memory_run
        from gate.daemon.daemon import Daemon

        settings = self._settings
        places = list(memory_run.places(settings))
        for place in places:
            memory_run.hand_on_door(place, settings)
        left = [place.events for place in places]
        self.daemon = Daemon(settings, config=self._config, left=left)
        try:
            if not self.ended:  # by a signal while it was loaded
                self.daemon.run()
        except (StoreError, OSError) as error:
            cause = memory_run.why_from_memory(settings, full=True)
            if not cause:
                self._give_up(error)
            return cause
        except GateError as error:
            self._give_up(error)
        return ""

    def _give_up(self, error: GateError | OSError) -> None:
        """Go back to the configuration before, where one of the hub's is on trial; else raise."""
        assert self.daemon is not None
        why = error.what if isinstance(error, GateError) else str(error)
        if not from_hub.give_up(self._settings.data, why):
            raise error
        self.daemon.again = True

    def _from_memory(self, cause: str) -> None:
        from gate.daemon import memory_run
        from gate.daemon.daemon import Daemon

        memory = memory_run.begin(self._settings, cause)
        try:
            left = [place.events for place in memory_run.places(self._settings)]
            self.daemon = Daemon(memory.settings, memory=memory, left=left)
            if not self.ended:
                self.daemon.run()
        finally:
            memory_run.settle(self._settings)


@contextmanager
def alone(data: Path, name: str, unwritable: str = "") -> Iterator[None]:
    """One daemon for a gate: two would each take half of the orders.

    Args:
        unwritable: why the disk cannot be written: then the file of an earlier start is enough,
            or the folder itself.

    Raises ConfigurationError when another runs. The kernel lets go when this one ends, however.
    """
    file = data / f"{name}.lock"
    try:
        held = _opened(file, unwritable)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder cannot be used: {error.strerror}",
            where=str(file),
            hint="check that it is a folder of the user the gate runs as",
        ) from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"the gate {name} runs already",
                where=str(file),
                hint="end the other daemon first, or give this one another name and data folder",
            ) from None
        yield
    finally:
        os.close(held)


def _opened(file: Path, unwritable: str) -> int:
    """What is locked. Raises OSError."""
    if not unwritable:
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # the disk may have become full a moment ago
        if not unwritable and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
    try:
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
