"""The guard: a small process that owns the relay board: when the daemon dies, the door locks.

Started by ``GuardedRelay`` with one end of a socket pair. Each message of the daemon is a command
that expires: a pulse at its end, a release without an end after a fraction of a second. When the
commands stop, the relay falls; when the socket closes (the daemon ended, however it ended), every
relay rests and the guard ends too.

    python -m gate.relay.guard_process FD     the first message is the [relay] section as JSON
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from dataclasses import asdict

from gate.relay.board_supervisor import BoardSupervisor, Report
from gate.relay.driver_factory import make_driver
from gate.relay.settings import RelaySettings

# seconds between two reports when nothing has changed
HEARTBEAT = 0.1
MESSAGE = 4096
PRIORITY = -10


def main(descriptor: int) -> None:
    # the terminal's and the service manager's signals are meant for the daemon: the guard ends
    # when the daemon has, after resting the relays
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    # before the recogniser, when the processor is short; where it is not allowed, as all others
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    with socket.socket(fileno=descriptor) as daemon:
        settings = RelaySettings.model_validate_json(daemon.recv(MESSAGE))
        daemon.setblocking(False)
        supervisor = BoardSupervisor(make_driver(settings), settings)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                serve(daemon, supervisor)
        finally:
            supervisor.rest()


def serve(daemon: socket.socket, supervisor: BoardSupervisor) -> None:
    """Until the daemon's end of the socket is closed."""
    last: Report | None = None
    heard = 0.0
    back = 0.0
    while True:
        now = time.monotonic()
        wait = max(0.0, min(back, heard + HEARTBEAT) - now)
        if select.select([daemon], [], [], wait)[0] and not take_orders(daemon, supervisor):
            return
        back = supervisor.run(time.monotonic())
        now = time.monotonic()
        if supervisor.report and (supervisor.report != last or now >= heard + HEARTBEAT):
            last, heard = supervisor.report, now
            with contextlib.suppress(BlockingIOError):  # a busy daemon: the next one
                daemon.send(json.dumps(asdict(last)).encode())


def take_orders(daemon: socket.socket, supervisor: BoardSupervisor) -> bool:
    """All that have come, in order; False when the daemon is gone."""
    while True:
        try:
            message = daemon.recv(MESSAGE)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if not message:
            return False
        channel, on, hold, since = json.loads(message)
        supervisor.command(channel, on, hold, since)


if __name__ == "__main__":
    main(int(sys.argv[1]))
