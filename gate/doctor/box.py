"""The box itself: clock, disk, camera."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gate.camera.capture import Capture
from gate.camera.reach import why_not
from gate.camera.replay import Image, Recording
from gate.camera.settings import CameraSettings, masked
from gate.clock import RELEASED
from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.doctor.picture import fault
from gate.doctor.upright import TURN_IT, further
from gate.errors import ModelError
from gate.recognition.detection.detector import build_detector
from gate.store.memory_copy import why_unwritable

DISK_LOW = 500_000_000  # bytes free


def clock(settings: Settings) -> Iterator[Finding]:
    """Whether the box can know the time."""
    now = datetime.now(UTC)
    if now < RELEASED:
        yield Finding(
            "clock",
            Level.BAD,
            f"it is {now:%Y-%m-%d %H:%M} UTC by this box, before this software was made",
            "set the clock, or let systemd-timesyncd do it: schedules and permits depend on it",
        )
        return
    local = now.astimezone(settings.zone)
    says = f"{local:%Y-%m-%d %H:%M:%S %Z}"
    if settings.zone is None and not local.utcoffset():
        hint = 'set timezone = "Asia/Shanghai", or where the gate is, in the configuration'
        yield Finding("clock", Level.WARN, f"{says}: schedules count by UTC", hint)
        return
    yield Finding("clock", Level.OK, says)


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for events."""
    folder = _existing(settings.data)
    if not folder.is_dir():
        hint = "give data the name of a folder"
        yield Finding("disk", Level.BAD, f"{settings.data}: the data folder is a file", hint)
        return
    error = why_unwritable(folder, full=False)
    if error is not None:
        says = f"{settings.data} cannot be written: {error.strerror}"
        hint = (
            "replace the disk or card, or mount it writable, and start the gate again; until then "
            "it runs from a copy of the register in memory: docs/operating.md"
        )
        yield Finding("disk", Level.BAD, says, hint)
        return
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.1f} GB free for {settings.data}"
    if free < DISK_LOW:
        hint = "make room: events are kept back for a while, then lost"
        yield Finding("disk", Level.BAD, says, hint)
    else:
        yield Finding("disk", Level.OK, says)


def _note(lost: list[str], name: str, there: bool, why: str) -> None:
    if not there:
        lost.append(why)


def _existing(path: Path) -> Path:
    path = path.absolute()
    return path if path.exists() else _existing(path.parent)


def camera(settings: Settings) -> Iterator[Finding]:
    """One picture of each; a recording in place of a camera is opened. Raises CameraError."""
    for chosen in settings.camera:
        part = f"camera {chosen.name}"
        if Path(chosen.source).is_dir() or Path(chosen.source).is_file():
            Recording(Path(chosen.source), paced=False).open()
            hint = "set `source` in [[camera]] to the camera once this is no trial"
            yield Finding(part, Level.WARN, f"{masked(chosen.source)}: a recording", hint)
            continue
        lost: list[str] = []
        capture = Capture(chosen, partial(_note, lost))
        capture.open()
        try:
            began = time.monotonic()
            frame = None
            while frame is None and not lost and time.monotonic() - began < 10:
                frame = capture.read(0.2)
        finally:
            capture.close()
        if frame is None:
            why = lost[0] if lost else "no frame within 10 s"
            found = why_not(chosen.source, why)
            yield Finding(part, Level.BAD, f"{found.where}: {found.what}", found.hint)
            continue
        height, width = frame.image.shape[:2]
        wanted = chosen.height if chosen.rotate in (90, 270) else chosen.width
        hint = fault(frame.image, wanted, network="://" in chosen.source)
        hint = hint or _mounted(frame.image, chosen, settings)
        level = Level.WARN if hint else Level.OK
        yield Finding(part, level, f"{masked(chosen.source)}: {width}×{height}", hint)


def _mounted(image: Image, chosen: CameraSettings, settings: Settings) -> str:
    """What to do about a camera that is mounted on its side or upside down."""
    try:
        detector = build_detector(settings.recognition, settings.models)
    except ModelError:
        return ""  # named among the models
    turn = further(image, chosen.rotate, detector.detect)
    return "" if turn is None else TURN_IT.format(degrees=turn)
