"""The capture process: the newest frame, a camera that hangs, one that goes and comes back."""

from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.camera import worker as process
from gate.camera.capture import Capture
from gate.camera.judge import Ended, Judge
from gate.camera.lateness import Lateness
from gate.camera.wire import HEADER, unpack
from tests.camera.capturing import HASTY, PATIENT, start, worker
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def heard() -> list[tuple[bool, str]]:
    return []


def test_hands_over_the_newest_frame_and_never_a_backlog(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    for n in range(50):
        send(n, n)
        time.sleep(0.01)
    open({str(tmp_path / "sent")!r}, "w").close()
    time.sleep(60)
    """
    capture = start(worker(tmp_path, body), heard)
    try:
        first = capture.read(PATIENCE)
        assert first is not None
        wait_for(lambda: (tmp_path / "sent").exists())
        reads = 0
        later = first
        while later.image[0, 0, 0] < 49:
            found = capture.read(PATIENCE)
            assert found is not None
            later, reads = found, reads + 1
        assert reads < 25, "a backlog"
        assert later.captured > first.captured
        assert later.image.shape == (4, 6, 3)
    finally:
        capture.close()


def test_a_camera_that_hangs_in_a_read_does_not_hang_the_gate_and_is_opened_again(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = f"""
    go_on = Path({str(tmp_path / "go-on")!r})
    life = len(marker.read_text()) if marker.exists() else 0
    marker.write_text("x" * (life + 1))
    if life == 0:
        send(0, 7)
        time.sleep(60)
    while not go_on.exists():
        time.sleep(0.01)
    for n in range(1, 500):
        send(n, 9); time.sleep(0.02)
    """
    capture = start(worker(tmp_path, body), heard, HASTY)
    try:
        assert capture.read(PATIENCE) is not None
        began = time.monotonic()
        assert capture.read(0.1) is None
        assert time.monotonic() - began < 30  # it hangs for a minute
        (tmp_path / "go-on").touch()
        wait_for(lambda: (True, "") in heard[1:])
        assert heard[0] == (True, "")
        assert heard[1] == (False, "no frame for 0.4 s")
        assert heard[2] == (True, "")
    finally:
        capture.close()


def test_a_stream_that_ends_is_lost_and_said_once(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    capture = start(worker(tmp_path, "send(0)\nsys.exit(4)"), heard)
    try:
        wait_for(lambda: len(heard) >= 2)
        assert heard[:2] == [(True, ""), (False, "the stream ended")]
    finally:
        capture.close()


@pytest.mark.slow
def test_a_camera_that_is_not_there_says_so(heard: list[tuple[bool, str]]) -> None:
    settings = PATIENT.model_copy(update={"source": "/dev/no-such-camera"})
    capture = start(None, heard, settings)
    try:
        wait_for(lambda: heard)
        assert heard[0] == (False, "it cannot be opened")
        assert capture.read(0.01) is None
    finally:
        capture.close()


def test_garbage_from_the_process_is_no_frame(
    tmp_path: Path, heard: list[tuple[bool, str]]
) -> None:
    body = "sys.stdout.buffer.write(b'x' * 500); sys.stdout.buffer.flush(); time.sleep(9)"
    capture = start(worker(tmp_path, body), heard)
    try:
        wait_for(lambda: heard)
        assert heard[0] == (False, "the capture process sent something that is no frame")
        assert capture.read(0.01) is None
    finally:
        capture.close()


def test_a_process_that_closes_its_stream_and_hangs_is_lost_and_does_not_hang_the_gate(
    heard: list[tuple[bool, str]],
) -> None:
    hanging = [sys.executable, "-c", "import os, time; os.close(1); time.sleep(60)"]
    capture = start(hanging, heard)
    wait_for(lambda: heard)
    assert heard[:1] == [(False, "the stream ended")]
    began = time.monotonic()
    capture.close()
    assert time.monotonic() - began < 30  # it hangs for a minute


@pytest.mark.parametrize(
    ("status", "reason", "waits"),
    [
        (Ended.REFUSED, "the camera refuses this user or password", True),
        (Ended.NO_STREAM, "the camera has no stream at this path", False),
        (Ended.CANNOT_OPEN, "it cannot be opened", False),
    ],
)
def test_a_password_that_is_refused_is_not_tried_again_and_again(
    tmp_path: Path, heard: list[tuple[bool, str]], status: int, reason: str, waits: bool
) -> None:
    body = f"""
    with marker.open("a") as tries:
        tries.write("x")
    sys.exit({int(status)})
    """
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    command, lives = worker(tmp_path, body), tmp_path / "lives"
    capture = Capture(PATIENT, told, command, retry=(0.01, 0.02), refused=(PATIENCE, PATIENCE))
    other = Capture(PATIENT, command=command, retry=(0.01, 0.02), refused=(0.01, 0.02))
    capture.open()
    try:
        wait_for(lambda: heard)
        assert heard == [(False, reason)]
        if not waits:
            wait_for(lambda: len(lives.read_text()) >= 3)
            return
        other.open()  # while it makes three tries, the first makes none
        wait_for(lambda: len(lives.read_text()) >= 4)
        other.close()
        assert capture._count == 0
        assert heard == [(False, reason)]
    finally:
        capture.close()
        other.close()


class Waits(threading.Event):
    """Notes how long somebody would have waited, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        return super().wait(0.001)


def test_after_a_password_that_was_refused_another_reason_waits_no_longer_than_its_own(
    tmp_path: Path,
) -> None:
    body = f"""
    with marker.open("a") as tries:
        tries.write("x")
    sys.exit({int(Ended.REFUSED)} if len(marker.read_text()) < 3 else {int(Ended.CANNOT_OPEN)})
    """
    command = worker(tmp_path, body)
    capture = Capture(PATIENT, command=command, retry=(0.5, 30.0), refused=(30.0, 300.0))
    waits = capture._stop = Waits()
    capture.open()
    try:
        wait_for(lambda: len(waits.asked) >= 4)
        assert waits.asked[:4] == [30.0, 60.0, 30.0, 30.0]
    finally:
        capture.close()


class Stream:
    """Stands for cv2.VideoCapture: grey frames whose level is their number."""

    def __init__(self, stamps: list[float]) -> None:
        self._stamps = stamps
        self._at = -1

    def grab(self) -> bool:
        self._at += 1
        return self._at < len(self._stamps)

    def get(self, what: int) -> float:
        if what == cv2.CAP_PROP_FRAME_TYPE:
            return process.KEY
        assert what == cv2.CAP_PROP_POS_MSEC
        return 1000 * self._stamps[self._at]

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((2, 2, 3), self._at, np.uint8)


def sent(stream: Stream, lateness: Lateness | None) -> list[int]:
    """The frames the capture process writes, by their level."""
    out = io.BytesIO()
    assert process.send(stream, out, Judge(lateness)) == Ended.STREAM  # type: ignore[arg-type]
    written, size = out.getvalue(), HEADER.size + 12
    parts = [written[at : at + size] for at in range(0, len(written), size)]
    assert all(unpack(part[: HEADER.size])[2:] == (2, 2) for part in parts)
    return [part[-1] for part in parts]


def test_frames_that_come_late_are_not_sent_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 10.1, 10.2, 12.3, 12.31, 12.4])
    monkeypatch.setattr("gate.camera.worker.time.monotonic", lambda: next(now))
    stamps = [0.0, 0.1, 0.2, 0.3, 0.4, 2.4]
    assert sent(Stream(stamps), Lateness(lambda: True)) == [1, 2, 5]


def test_a_source_without_stamps_is_sent_whole() -> None:
    assert sent(Stream([0.0] * 5), None) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized", Ended.REFUSED),
        ("[rtsp @ 0x1] method DESCRIBE failed: 403 Forbidden", Ended.REFUSED),
        ("[rtsp @ 0x1] method DESCRIBE failed: 404 Not Found", Ended.NO_STREAM),
        ("[rtsp @ 0x1] method SETUP failed: 461 Unsupported transport", Ended.CANNOT_OPEN),
        ("", Ended.CANNOT_OPEN),
    ],
)
def test_what_ffmpeg_printed_says_why(said: str, status: int) -> None:
    assert process._answer(said) == status
