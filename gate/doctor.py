"""What ``gate doctor`` looks at: one function a part, each gives findings, none raises."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from gate.camera.capture import Capture
from gate.errors import GateError
from gate.settings import Settings

# the day this version was made: a clock before it is wrong
BUILT = datetime(2026, 11, 1, tzinfo=UTC)
DISK_LOW = 500_000_000  # bytes free


class Level(IntEnum):
    OK = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part, and what to do where something is to be done."""

    part: str
    level: Level
    says: str
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, part by part. A part that cannot be looked at is a finding too."""
    for part, look in PARTS.items():
        try:
            yield from look(settings)
        except GateError as error:
            where = f" ({error.where})" if error.where else ""
            yield Finding(part, Level.BAD, error.what + where, error.mend)


def _clock(settings: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    if now < BUILT:
        yield Finding(
            "clock",
            Level.BAD,
            f"it is {now:%Y-%m-%d %H:%M} UTC by this box, before this software was made",
            "set the clock, or let systemd-timesyncd do it: schedules and permits depend on it",
        )
        return
    local = now.astimezone()
    yield Finding("clock", Level.OK, f"{local:%Y-%m-%d %H:%M:%S %Z}")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = _existing(settings.data)
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.1f} GB free for {settings.data}"
    if free < DISK_LOW:
        mend = "make room: events are kept back for a while, then lost"
        yield Finding("disk", Level.BAD, says, mend)
    else:
        yield Finding("disk", Level.OK, says)


def _existing(path: Path) -> Path:
    path = path.absolute()
    return path if path.exists() else _existing(path.parent)


def _camera(settings: Settings) -> Iterator[Finding]:
    for camera in settings.camera:
        told: list[str] = []
        capture = Capture(camera, lambda name, there, why, told=told: told.append(why))
        capture.open()
        try:
            began = time.monotonic()
            frame = None
            while frame is None and not told and time.monotonic() - began < 10:
                frame = capture.read(0.2)
        finally:
            capture.close()
        part = f"camera {camera.name}"
        if frame is None:
            why = told[0] if told and told[0] else "no frame within 10 s"
            yield Finding(
                part,
                Level.BAD,
                f"{camera.source}: {why}",
                "check the cable, that the daemon has not opened it, and `source` in [[camera]]",
            )
            continue
        height, width = frame.image.shape[:2]
        light = float(frame.image.mean())
        level = Level.OK if light > 25 else Level.WARN
        mend = "" if level is Level.OK else "the picture is dark: is the cap on, is there light?"
        yield Finding(part, level, f"{camera.source}: {width}×{height}", mend)


PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "clock": _clock,
    "disk": _disk,
    "camera": _camera,
}


def installed(package: str) -> bool:
    """Whether an optional package is there."""
    return importlib.util.find_spec(package) is not None
