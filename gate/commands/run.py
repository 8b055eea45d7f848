"""``gate run``: the daemon."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.clock import use_zone
from gate.commands import Config
from gate.config import from_hub
from gate.config.settings import DEFAULT, load
from gate.errors import ConfigurationError, GateError


def run(config: Config = DEFAULT) -> None:
    """Run the gate: camera, recognition, decision, relay, event.

    Ends on SIGTERM or Ctrl-C with every relay at rest and every event written.
    """
    settings = load(config)
    if from_hub.started(settings.data):
        settings = load(config)
    use_zone(settings.timezone)
    from gate import log
    from gate.daemon.daemon import Daemon
    from gate.services.garbage import settle

    log.set_up(settings.log)
    with alone(settings.data, settings.name):
        daemon = Daemon(settings, config=config)
        settle()
        ended: list[int] = []  # by a signal: not to be started again

        def end(number: int, _: object) -> None:
            ended.append(number)
            daemon.stop(signal.Signals(number).name)

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, end)
        try:
            daemon.run()
        except GateError as error:
            if not from_hub.give_up(settings.data, error.what):
                raise
            daemon.again = True
        # systemd starts the gate again by itself; elsewhere the same process does, for whoever
        # looks after it
        if daemon.again and not ended and "NOTIFY_SOCKET" not in os.environ:
            logging.shutdown()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
        if daemon.overdue:  # the interpreter would wait for the thread that hangs
            logging.shutdown()
            os._exit(0)


@contextmanager
def alone(data: Path, name: str) -> Iterator[None]:
    """One daemon for a gate: two would each take half of the orders.

    Raises ConfigurationError when another runs. The kernel lets go when this one ends, however.
    """
    file = data / f"{name}.lock"
    try:
        data.mkdir(parents=True, exist_ok=True)
        held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder cannot be used: {error.strerror}",
            where=str(file),
            hint="check that it is a folder of the user the gate runs as",
        ) from None
    with os.fdopen(held):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"the gate {name} runs already",
                where=str(file),
                hint="end the other daemon first, or give this one another name and data folder",
            ) from None
        yield
