"""Capture processes that speak the real bytes and behave as a test says."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from gate.camera.capture import Capture
from gate.camera.settings import CameraSettings
from tests.waiting import PATIENCE

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


def start(
    command: list[str] | None,
    heard: list[tuple[bool, str]],
    settings: CameraSettings = PATIENT,
) -> Capture:
    told = lambda camera, there, why: heard.append((there, why))  # noqa: E731
    capture = Capture(settings, told, command, retry=(0.05, 0.2))
    capture.open()
    return capture
