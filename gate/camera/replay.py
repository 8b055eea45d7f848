"""A recording in place of a camera: a folder of frames or a video, at its own times.

Every frame's ``captured`` is ``start`` plus its place in the recording, so that a replay gives
the same times whatever the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.camera.settings import Turn
from gate.camera.source import EndOfRecording, Frame
from gate.camera.turning import turned
from gate.errors import CameraError

Image = NDArray[np.uint8]
IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


class Recording:
    """A FrameSource over a folder of images (sorted by name) or a video file.

    Args:
        path: folder or video.
        fps: frames a second of a folder; a video has its own.
        start: monotonic seconds of the first frame.
        paced: wait until each frame's time has come, and skip those that are late; otherwise
            every frame is delivered as fast as requested.
        rotate: degrees clockwise by which every frame is turned.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str = "main",
        fps: float = 10.0,
        start: float = 0.0,
        paced: bool,
        rotate: Turn = 0,
    ) -> None:
        self.name = name
        self._path = path
        self._fps = fps
        self._start = start
        self._paced = paced
        self._rotate = rotate
        self._frames: Iterator[Image | CameraError] | None = None
        self._number = -1
        self.duration = 0.0

    def open(self) -> None:
        if not self._path.exists():
            raise CameraError(
                "no such recording",
                where=str(self._path),
                hint="give a folder of images or a video file",
            )
        if self._path.is_dir():
            files = sorted(p for p in self._path.iterdir() if p.suffix.lower() in IMAGES)
            if not files:
                raise CameraError(
                    "the folder holds no images",
                    where=str(self._path),
                    hint=f"frames are files ending in {', '.join(sorted(IMAGES))}",
                )
            self.duration = len(files) / self._fps
            self._frames = map(decode_file, files)
        else:
            self._frames = self._video(self._opened())
        self._number = -1
        if self._paced:
            self._start = time.monotonic()

    def read(self, timeout: float) -> Frame | None:
        if self._frames is None:
            raise CameraError(
                "the recording is not open", where=str(self._path), hint="open it before reading"
            )
        while True:
            item = next(self._frames, None)
            if item is None:
                raise EndOfRecording
            self._number += 1
            if (
                self._paced and self._number == 0
            ):  # the first is never late, however slow the machine
                self._start = time.monotonic()
            due = self._start + self._number / self._fps
            if self._paced:
                late = time.monotonic() - due
                if self._number and late > 1.5 / self._fps:
                    continue  # a live camera would have dropped it too
                if late < 0:
                    time.sleep(-late)
            if isinstance(item, CameraError):
                raise item
            return Frame(turned(item, self._rotate), due, self._number, self.name)

    def close(self) -> None:
        self._frames = None

    def _opened(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            raise CameraError(
                "the video cannot be opened",
                where=str(self._path),
                hint="check that it plays; it may be cut off or of an unknown format",
            )
        return capture

    def _video(self, capture: cv2.VideoCapture) -> Iterator[Image | CameraError]:
        try:
            rate = capture.get(cv2.CAP_PROP_FPS)
            if 0 < rate <= 240:
                self._fps = rate
            expected = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            count = 0
            while True:
                ok, image = capture.read()
                if not ok:
                    break
                count += 1
                yield np.asarray(image, np.uint8)
            # containers count roughly; only a clear lack is a cut
            if count == 0 or (expected > 0 and count < 0.9 * expected):
                yield CameraError(
                    f"the video is cut off: {count} of {expected} frames could be read",
                    where=str(self._path),
                    hint="copy or record it again; what could be read was used",
                )
        finally:
            capture.release()


def decode(data: bytes, where: str) -> Image | CameraError:
    """An image file's bytes as BGR uint8 (H, W, 3), or the error that says what is wrong."""
    # libjpeg fills what is missing of a cut file with grey and calls it well
    cut = data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-64:]
    image = None
    if data and not cut:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return CameraError(
            "the image cannot be decoded: the file is damaged or not an image",
            where=where,
            hint="replace the file; the other frames are used",
        )
    return np.asarray(image, np.uint8)


def decode_file(path: Path) -> Image | CameraError:
    """``decode`` of a file; an unreadable file is an error value too."""
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        return CameraError(
            f"the image cannot be read: {error.strerror}", where=str(path), hint="check the file"
        )
