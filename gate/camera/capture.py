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
from dataclasses import replace

import numpy as np

from gate.camera.decoding import RARE, Effort
from gate.camera.judge import Ended
from gate.camera.lasting import LastingName
from gate.camera.settings import CameraSettings
from gate.camera.source import Frame
from gate.camera.turning import turned
from gate.camera.wire import HEADER, unpack

StatusListener = Callable[[str, bool, str], None]
"""Receives (camera, there, reason) each time a camera is lost or back; called in its thread."""


# seconds before a lost camera is opened again, and the longest wait to which it doubles
RETRY = (0.5, 30.0)
# the same where the camera refused the password: many lock an account after several tries
REFUSED_RETRY = (30.0, 300.0)
# seconds of key pictures alone before the whole stream is tried again, and the longest
WHOLE_AGAIN = (60.0, 3600.0)
IN_VAIN = 3  # times in a row after which changes of the stream are no other size
WELL = 30.0  # seconds of the whole stream after which the box is fast enough
_OPENING = 10.0  # seconds in which the process starts and the camera wakes

_REASONS: dict[int, str] = {
    Ended.CANNOT_OPEN: "it cannot be opened",
    Ended.REFUSED: "the camera refuses this user or password",
    Ended.NO_STREAM: "the camera has no stream at this path",
    Ended.DAMAGED: "packets of the stream are lost on the way",
    Ended.LATE: "the pictures come too late",
}
_BEHIND = "this box is too slow for the stream"


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
        slow: StatusListener | None = None,
        whole_again: tuple[float, float] = WHOLE_AGAIN,
        well: float = WELL,
    ) -> None:
        """``command``: of the capture process; ``retry``: seconds, instead of ``RETRY``;
        ``refused``: seconds, the same after a wrong password; ``slow``: receives (camera, False,
        reason) when the box is too slow for the stream, (camera, True, "") when it no longer is;
        ``whole_again``, ``well``: seconds, instead of ``WHOLE_AGAIN`` and ``WELL``."""
        self.name = settings.name
        self._settings = settings
        self._retry = retry or RETRY
        self._refused = refused
        self._status = status or (lambda camera, there, reason: None)
        self._command = list(command or self._worker())
        self._speed = slow or (lambda camera, well, reason: None)
        self._source = LastingName(settings.source)
        self._effort = Effort.WHOLE
        self._slow = False  # as ``slow`` was told
        self._whole_again = whole_again
        self._rest = whole_again[0]  # seconds of key pictures alone, the next time
        self._well = well
        self._size: tuple[int, ...] = ()  # height and width of the newest frame of this process
        self._changed = False  # whether the process before saw another size
        self._in_vain = 0  # times the stream was opened again for another size it did not have
        self._heard = 0.0  # monotonic seconds of the newest frame
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._handed = -1
        self._count = 0
        self._there: bool | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _worker(self) -> list[str]:
        s = self._settings
        arguments = [str(s.width), str(s.height), str(s.fps), str(s.silent_after)]
        return [sys.executable, "-m", "gate.camera.worker", *arguments]

    def open(self) -> None:
        """Start capturing. Returns at once; a camera that is not there is tried again."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=f"camera-{self.name}")
            self._thread.start()

    def read(self, timeout: float) -> Frame | None:
        with self._fresh:
            if not self._fresh.wait_for(self._unread, timeout):
                return None
            frame = self._newest
            assert frame is not None
            self._handed = frame.number
        # only what is looked at is turned, and nothing after this sees it otherwise
        return replace(frame, image=turned(frame.image, self._settings.rotate))

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
            status, reason = self._one_life()
            self._changed = status == Ended.CHANGED
            if self._stop.is_set():
                return
            if self._count > before:
                wait = first
            if self._goes_on(status, fruitful=self._count > before):
                continue
            self._tell(False, reason)
            longest = most
            if status == Ended.REFUSED:
                wait, longest = max(wait, self._refused[0]), self._refused[1]
            wait = min(wait, longest)
            self._stop.wait(wait)
            wait = min(2 * wait, longest)

    def _goes_on(self, status: int, *, fruitful: bool) -> bool:
        """Whether the stream is opened again at once, since it is there and only has changed."""
        if status == Ended.BEHIND and self._effort < Effort.KEY_PICTURES:
            self._effort = Effort(self._effort + 1)
            return True
        return status in (Ended.CHANGED, 0) and fruitful

    def _one_life(self) -> tuple[int, str]:
        """From starting the process to its end; returns its exit status and why it ended."""
        process = subprocess.Popen(
            [*self._command, str(int(self._effort)), str(int(self._in_vain < IN_VAIN))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        # an address may carry a password: it goes where `ps` does not look
        with suppress(BrokenPipeError), process.stdin as wire:  # it may have ended already
            wire.write(self._source.now().encode() + b"\n")
        descriptor = process.stdout.fileno()
        os.set_blocking(descriptor, False)
        selector = selectors.DefaultSelector()
        selector.register(descriptor, selectors.EVENT_READ)
        try:
            return 0, self._frames(selector, descriptor)
        except TimeoutError:
            return -1, self._silence()
        except ValueError:
            return -1, "the capture process sent something that is no frame"
        except EOFError:
            try:
                status = process.wait(3.0)
            except subprocess.TimeoutExpired:
                status = -1
            return status or -1, _REASONS.get(status, "the stream ended")
        finally:
            selector.close()
            process.kill()
            process.stdout.close()
            # a process stuck inside the kernel cannot be reaped now; do not wait for it
            threading.Thread(target=process.wait, daemon=True).start()

    def _frames(self, selector: selectors.BaseSelector, descriptor: int) -> str:
        """Publish frames until the gate closes, or the whole of the stream is to be tried again.

        Raises EOFError, TimeoutError and ValueError at the end of the process' frames.
        """
        silent = self._settings.silent_after
        keys = self._effort is Effort.KEY_PICTURES
        size, self._size = self._size, ()
        while not self._stop.is_set():
            # process and camera have to start; key pictures may be far apart
            patience = silent + (_OPENING if not self._size else RARE if keys else 0)
            header = self._exactly(selector, descriptor, HEADER.size, patience)
            captured, _, height, width = unpack(header)
            pixels = self._exactly(selector, descriptor, height * width * 3, patience)
            image = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
            if self._changed and not self._size:
                self._in_vain = self._in_vain + 1 if (height, width) == size else 0
            if not self._size:
                began = time.monotonic()
            self._size = height, width
            self._publish(Frame(image, captured, self._count, self.name))
            if self._press(time.monotonic() - began):
                return "the whole stream is tried again"
        return "closed"

    def _press(self, since: float) -> bool:
        """Whether to decode more again, of a stream that began ``since`` seconds ago."""
        if self._effort is Effort.KEY_PICTURES:
            self._told_slow(True)
            if since < self._rest:
                return False
            self._rest = min(2 * self._rest, self._whole_again[1])
            self._effort = Effort.ALL_CORES
            return True
        if since >= self._well:
            self._rest = self._whole_again[0]
            self._told_slow(False)
        return False

    def _told_slow(self, slow: bool) -> None:
        if slow is not self._slow:
            self._slow = slow
            self._speed(self.name, not slow, _BEHIND if slow else "")

    def _exactly(
        self, selector: selectors.BaseSelector, descriptor: int, size: int, patience: float
    ) -> bytearray:
        """``size`` bytes. Raises TimeoutError after ``patience`` seconds, EOFError at the end."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        deadline = time.monotonic() + patience
        while view:
            if self._stop.is_set():
                raise TimeoutError
            now = time.monotonic()
            rare = self._effort is Effort.KEY_PICTURES
            if self._there and not rare and now - self._heard > self._settings.silent_after:
                self._tell(False, self._silence())
            if not selector.select(min(0.2, max(0.0, deadline - now))):
                if time.monotonic() >= deadline:
                    raise TimeoutError
                continue
            count = os.readv(descriptor, [view])
            if count == 0:
                raise EOFError
            view = view[count:]
        return buffer

    def _silence(self) -> str:
        return f"no frame for {self._settings.silent_after:g} s"

    def _publish(self, frame: Frame) -> None:
        with self._fresh:
            self._newest = frame
            self._count += 1
            self._heard = time.monotonic()
            self._fresh.notify_all()
        self._tell(True, "")

    def _tell(self, there: bool, reason: str) -> None:
        if there is not self._there:
            self._there = there
            self._status(self.name, there, reason)
