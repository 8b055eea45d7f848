"""A live camera: a capture process, a thread that keeps its newest frame, and its recovery.

Whatever the camera does — unplugged, hanging in the driver, an address that is gone — ``read``
returns within its time-out. A camera that is silent too long is killed and opened again, with
waits that double up to a limit; the gate learns of it by ``status``.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from gate.camera.settings import CameraSettings
from gate.camera.source import Frame
from gate.camera.wire import HEADER, unpack
from gate.camera.worker import CANNOT_OPEN, NO_STREAM, REFUSED

StatusListener = Callable[[str, bool, str], None]
"""Receives (camera, there, reason) each time a camera is lost or back; called in its thread."""


# seconds before a lost camera is opened again, and the longest wait to which it doubles
RETRY = (0.5, 30.0)
# the same where the camera refused the password: many lock an account after several tries
REFUSED_RETRY = (30.0, 300.0)

_REASONS = {
    CANNOT_OPEN: "it cannot be opened",
    REFUSED: "the camera refuses this user or password",
    NO_STREAM: "the camera has no stream at this path",
}


class Capture:
    """A FrameSource over V4L2 or RTSP. One thread owns the process; the slot is behind a lock."""

    def __init__(
        self,
        settings: CameraSettings,
        status: StatusListener | None = None,
        command: Sequence[str] | None = None,
        *,
        retry: tuple[float, float] | None = None,
        refused: tuple[float, float] = REFUSED_RETRY,
    ) -> None:
        """``command``: of the capture process; ``retry``: seconds, instead of ``RETRY``;
        ``refused``: seconds, the same after a wrong password."""
        self.name = settings.name
        self._settings = settings
        self._retry = retry or RETRY
        self._refused = refused
        self._status = status or (lambda camera, there, reason: None)
        self._command = list(command or self._worker())
        # an address may carry a password: it goes where `ps` does not look
        self._source = settings.source.encode() + b"\n"
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._handed = -1
        self._count = 0
        self._there: bool | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _worker(self) -> list[str]:
        s = self._settings
        arguments = [str(s.width), str(s.height), str(s.fps)]
        return [sys.executable, "-m", "gate.camera.worker", *arguments]

    def open(self) -> None:
        """Start capturing. Returns at once; a camera that is not there is tried again."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=f"camera-{self.name}")
            self._thread.start()

    def read(self, timeout: float) -> Frame | None:
        with self._fresh:
            if self._fresh.wait_for(self._unread, timeout):
                frame = self._newest
                assert frame is not None
                self._handed = frame.number
                return frame
            return None

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _unread(self) -> bool:
        return self._newest is not None and self._newest.number != self._handed

    def _run(self) -> None:
        first, most = self._retry
        wait = first
        while not self._stop.is_set():
            before = self._count
            reason = self._one_life()
            if self._stop.is_set():
                return
            if self._count > before:
                wait = first
            self._tell(False, reason)
            longest = most
            if reason == _REASONS[REFUSED]:
                wait, longest = max(wait, self._refused[0]), self._refused[1]
            wait = min(wait, longest)
            self._stop.wait(wait)
            wait = min(2 * wait, longest)

    def _one_life(self) -> str:
        """From starting the process to its end; returns why it ended."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError), process.stdin as wire:  # it may have ended already
            wire.write(self._source)
        descriptor = process.stdout.fileno()
        os.set_blocking(descriptor, False)
        selector = selectors.DefaultSelector()
        selector.register(descriptor, selectors.EVENT_READ)
        try:
            while not self._stop.is_set():
                header = self._exactly(selector, descriptor, HEADER.size)
                captured, _, height, width = unpack(header)
                pixels = self._exactly(selector, descriptor, height * width * 3)
                image = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
                self._publish(Frame(image, captured, self._count, self.name))
            return "closed"
        except TimeoutError:
            return f"no frame for {self._settings.silent_after:g} s"
        except ValueError:
            return "the capture process sent something that is no frame"
        except EOFError:
            try:
                status = process.wait(1.0)
            except subprocess.TimeoutExpired:
                status = 0
            return _REASONS.get(status, "the stream ended")
        finally:
            selector.close()
            process.kill()
            process.stdout.close()
            # a process stuck inside the kernel cannot be reaped now; do not wait for it
            threading.Thread(target=process.wait, daemon=True).start()

    def _exactly(self, selector: selectors.BaseSelector, descriptor: int, size: int) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        # the first frame may take longer: the process has to start and the camera to wake
        patience = self._settings.silent_after + (0 if self._there else 10)
        deadline = time.monotonic() + patience
        while view:
            if self._stop.is_set():
                raise TimeoutError
            if not selector.select(min(0.2, max(0.0, deadline - time.monotonic()))):
                if time.monotonic() >= deadline:
                    raise TimeoutError
                continue
            count = os.readv(descriptor, [view])
            if count == 0:
                raise EOFError
            view = view[count:]
        return buffer

    def _publish(self, frame: Frame) -> None:
        with self._fresh:
            self._newest = frame
            self._count += 1
            self._fresh.notify_all()
        self._tell(True, "")

    def _tell(self, there: bool, reason: str) -> None:
        if there is not self._there:
            self._there = there
            self._status(self.name, there, reason)
