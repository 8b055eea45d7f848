"""A pseudo-terminal with a simulated device at its other end, and faults on command.

The path is a link, as /dev/serial/by-id is: it vanishes when the device is unplugged
and is there again, with another terminal behind it, when the device is plugged in.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import tempfile
import termios
import threading
import time
import tty
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

LATE = 0.05  # seconds; a turn takes a fifth of it


class Device(Protocol):
    """What is wired to the port. Times are monotonic seconds."""

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes from the host; returns the answer."""
        ...

    def stream(self, now: float) -> bytes:
        """What the device sends by itself now; called a hundred times a second."""
        ...


@dataclass(slots=True)
class Faults:
    """What goes wrong with each answer; changed while it runs."""

    silence: bool = False  # nothing is answered, and commands are lost
    mute: bool = False  # commands are obeyed, answers are lost
    noise: float = 0.0  # share of bytes changed, lost or doubled
    corrupt: bool = False  # the last byte of each answer is wrong: the checksum
    slow: float = 0.0  # seconds before each answer
    baud: int = 0  # the speed it speaks: at another one only noise is heard; 0 for any


class SimulatedPort:
    """Runs a device in a thread of its own, which owns the device and the terminal.

    ``stalls``: from when to when (monotonic seconds) the thread did not run, if longer than LATE;
    what the device heard at the end of one may have come at any time in it.
    """

    def __init__(self, device: Device, seed: int = 1) -> None:
        self.device = device
        self.faults = Faults()
        self._random = random.Random(seed)
        self._folder = tempfile.TemporaryDirectory(prefix="gate-simulator-")
        self.path = str(Path(self._folder.name) / "port")
        self._ends: tuple[int, int] | None = None
        self.stalls: list[tuple[float, float]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def __enter__(self) -> SimulatedPort:
        self.plug()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.unplug()
        self._folder.cleanup()

    def plug(self) -> None:
        with self._lock:
            if self._ends is None:
                ours, theirs = os.openpty()
                tty.setraw(theirs)
                os.set_blocking(ours, False)
                Path(self.path).symlink_to(os.ttyname(theirs))
                self._ends = (ours, theirs)

    def unplug(self) -> None:
        with self._lock:
            if self._ends is not None:
                Path(self.path).unlink()
                for end in self._ends:
                    os.close(end)
                self._ends = None

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            now = time.monotonic()
            if now - last > LATE:
                self.stalls.append((last, now))
            last = now
            with self._lock:
                # unplugging waits for the lock, so the terminal stays ours for one turn
                self._turn()
            self._stop.wait(0.001 if self._ends else 0.01)

    def _turn(self) -> None:
        if self._ends is None:
            self.device.stream(time.monotonic())  # the device lives on behind the cut cable
            return
        ours = self._ends[0]
        answer = b""
        if select.select([ours], [], [], 0.009)[0]:
            try:
                data = os.read(ours, 4096)
            except OSError:
                return
            if not self.faults.silence:
                answer = self.device.receive(self._heard(data), time.monotonic())
        unasked = self.device.stream(time.monotonic())
        if self.faults.silence or self.faults.mute:
            return
        if answer and self.faults.slow:
            self._stop.wait(self.faults.slow)
        for message in (answer, unasked):
            if message:
                with contextlib.suppress(BlockingIOError):  # nobody reads: lost, as on a wire
                    os.write(ours, self._spoil(self._heard(message)))

    def _heard(self, data: bytes) -> bytes:
        """The bytes as they arrive at the other side, given the two speeds."""
        if not self.faults.baud or self._ends is None:
            return data
        speed = termios.tcgetattr(self._ends[1])[4]
        if speed == getattr(termios, f"B{self.faults.baud}"):
            return data
        return self._random.randbytes(len(data))

    def _spoil(self, message: bytes) -> bytes:
        if self.faults.corrupt:
            message = message[:-1] + bytes((message[-1] ^ 0xFF,))
        return spoil(message, self.faults.noise, self._random)


def spoil(message: bytes, share: float, chance: random.Random) -> bytes:
    """Some bytes changed, lost or doubled: ``share`` of them, evenly."""
    if not share:
        return message
    out = bytearray()
    for byte in message:
        if chance.random() >= share:
            out.append(byte)
            continue
        fate = chance.randrange(3)
        if fate == 0:
            out.append(chance.randrange(256))
        elif fate == 1:
            out += bytes((byte, byte))
    return bytes(out)
