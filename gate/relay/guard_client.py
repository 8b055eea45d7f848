"""The daemon's side of the guard: a TimedRelay that never waits for a board.

Belongs to the daemon's main loop. ``set`` sends an order, ``state`` and ``inputs`` give what the
guard last reported; a guard that dies or hangs is started again, with waits that double.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from gate.clock import Clock, SystemClock
from gate.errors import DeviceError
from gate.relay.board_supervisor import RETRY
from gate.relay.guard_process import MESSAGE
from gate.relay.settings import RelaySettings

# seconds: for the first report after a start; without any report after it, the guard is considered
# hung. The first doubles with each start that brought none, up to START_LONGEST: on a box so busy
# that starting a program takes longer, a guard replaced every time would never run
START, START_LONGEST = 5.0, 60.0
SILENT = 2.0


class GuardedRelay:
    """A TimedRelay over a process of its own."""

    def __init__(
        self,
        settings: RelaySettings,
        clock: Clock | None = None,
        command: Sequence[str] = (sys.executable, "-m", "gate.relay.guard_process"),
        *,
        retry: tuple[float, float] = RETRY,
    ) -> None:
        self.name: str = settings.driver
        self._settings = settings
        self._clock = clock or SystemClock()
        self._command = list(command)
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = 0.0
        self._first_report = START
        self._patience = START
        self._reported = False
        self._state: dict[int, bool | None] = {}
        self._inputs: dict[str, bool] = {}
        self._fault: DeviceError | None = self._not_running()
        self._retry_at = 0.0
        self._retry = retry
        self._wait = retry[0]
        self._closed = True

    @property
    def pid(self) -> int | None:
        """The guard's process number, None when none runs."""
        return self._process.pid if self._process else None

    def open(self) -> None:
        """Start the guard and wait until the board rests, or raise what it says."""
        self._closed = False
        self._start()
        end = time.monotonic() + START
        while not self._reported and self._socket and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                self._socket.settimeout(0.05)
                try:
                    self._take(self._socket.recv(MESSAGE))
                except ConnectionError:
                    self._ended("the relay guard has exited")
        if self._socket:
            self._socket.setblocking(False)
        if self._fault:
            raise self._fault

    def set(self, channel: int, on: bool, hold: float, since: float | None = None) -> None:
        if self._socket is None:
            raise self._fault or self._not_running()
        since = time.monotonic() if since is None else since
        order = json.dumps((channel, on, hold, since)).encode()
        try:
            self._socket.send(order)
        except BlockingIOError:
            raise DeviceError(
                "the relay guard accepts no commands",
                where=self._settings.port,
                hint="it restarts automatically; if this happens again, check the board's cable",
            ) from None
        except OSError:
            self._ended("the relay guard has exited")
            raise self._fault or self._not_running() from None

    def state(self, channel: int) -> bool | None:
        self._listen()
        return self._state.get(channel)

    def inputs(self) -> dict[str, bool]:
        self._listen()
        return self._inputs

    def close(self) -> None:
        self._closed = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            try:
                self._process.wait(START)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._fault = self._not_running()

    def _start(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        try:
            self._socket = self._spawn()
        except OSError as error:  # no descriptor, no memory, no process: tried again like a loss
            self._ended(f"the relay guard cannot be started: {error.strerror or error}")
            return
        self._heard = self._clock.monotonic()
        self._patience = self._first_report
        self._reported = False

    def _spawn(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*self._command, str(theirs.fileno())],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            ours.setblocking(False)
            ours.send(self._settings.model_dump_json().encode())
        except OSError:
            ours.close()
            raise
        return ours

    def _listen(self) -> None:
        now = self._clock.monotonic()
        if self._socket is None and not self._closed and now >= self._retry_at:
            self._start()
        while self._socket is not None:
            try:
                self._take(self._socket.recv(MESSAGE))
            except BlockingIOError:
                break
            except OSError:
                self._ended("the relay guard has exited")
        if self._socket is not None and now - self._heard > self._patience:
            if not self._reported:
                self._first_report = min(2 * self._first_report, START_LONGEST)
            self._ended("the relay guard does not respond")
        if self._fault:
            raise self._fault

    def _take(self, message: bytes) -> None:
        if not message:
            self._ended("the relay guard has exited")
            return
        report = json.loads(message)
        self._heard = self._clock.monotonic()
        self._reported, self._first_report, self._patience = True, START, SILENT
        self._wait = self._retry[0]
        self._state = {int(channel): on for channel, on in report["state"].items()}
        self._inputs = report["inputs"]
        fault = report["fault"]
        self._fault = DeviceError(fault[0], where=fault[1], hint=fault[2]) if fault else None

    def _ended(self, what: str) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
        self._retry_at = self._clock.monotonic() + self._wait
        self._wait = min(2 * self._wait, self._retry[1])
        self._fault = DeviceError(what, where=self._settings.port, hint="it restarts automatically")

    def _not_running(self) -> DeviceError:
        return DeviceError(
            "the relay guard is not running", where=self._settings.port, hint="open the relay"
        )
