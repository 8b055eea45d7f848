"""The capture process: the newest frame, a camera that hangs, one that goes and comes back."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

import pytest

from gate.camera.capture import Capture
from gate.camera.settings import CameraSettings
from tests.waiting import PATIENCE, wait_for

PATIENT = CameraSettings(silent_after=PATIENCE)
HASTY = CameraSettings(silent_after=0.4)


def worker(tmp_path: Path, body: str) -> list[str]:
    """A capture process that speaks the real bytes and behaves as ``body`` says."""
    file = tmp_path / "worker.py"
    file.write_text(
        "import sys, time\nfrom pathlib import Path\nfrom gate.camera.wire import pack\n"
        f"marker = Path({str(tmp_path / 'lives')!r})\n"
        "def send(n, value=0, h=4, w=6):\n"
        "    data = pack(time.monotonic(), n, h, w) + bytes([value]) * (h * w * 3)\n"
        "    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()\n" + textwrap.dedent(body)
    )
    return [sys.executable, str(file)]


@pytest.fixture
def heard() -> list[tuple[bool, str]]:
    return []


def start(
    command: list[str] | None,
    heard: list[tuple[bool, str]],
    settings: CameraSettings = PATIENT,
) -> Capture:
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    capture = Capture(settings, told, command, retry=(0.05, 0.2))
    capture.open()
    return capture


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
