"""The capture process: reads one camera with OpenCV and writes every frame to its output.

It is a process of its own because a driver may hang inside a read indefinitely, and only a process
can be killed. The system's monotonic clock is one for all processes, so the stamp made here is
good in the daemon. Started by ``gate.camera.capture``; ends with its parent, when the pipe breaks.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from typing import Any

from gate.camera.lateness import Lateness, unread
from gate.camera.wire import pack

CANNOT_OPEN, ENDED, REFUSED, NO_STREAM = 3, 4, 5, 6
# TCP, and UDP only where a camera has nothing else, and then from this camera alone
TRANSPORT = "rtsp_flags;prefer_tcp+filter_src"


def main(argv: list[str]) -> int:
    """``worker WIDTH HEIGHT FPS``; returns one of the exit statuses above.

    The source is the first line of the input: everybody may read the arguments of a process.
    """
    width, height, fps = int(argv[0]), int(argv[1]), float(argv[2])
    source = sys.stdin.readline().rstrip("\n")
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", TRANSPORT)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what OpenCV prints must not end up among the pixels
    said, usual = os.memfd_create("said"), os.dup(2)
    os.dup2(said, 2)  # FFmpeg prints what a camera answered, and OpenCV passes it to nobody
    import cv2  # after the environment is set: FFmpeg reads it once

    if "://" in source:
        wait = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, wait)
    else:
        capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    os.dup2(usual, 2)
    if not capture.isOpened():
        return _answer(os.pread(said, 1 << 16, 0).decode("utf-8", "replace"))
    os.close(said)  # the decoder goes on printing, to the usual place
    stamped = source.lower().startswith("rtsp")
    return send(capture, out, Lateness(unread) if stamped else None)


def _answer(said: str) -> int:
    """The exit status for what FFmpeg printed about a source that does not open."""
    found = re.search(r"DESCRIBE failed: (\d{3})", said)
    statuses = {"401": REFUSED, "403": REFUSED, "404": NO_STREAM}
    return statuses.get(found[1], CANNOT_OPEN) if found else CANNOT_OPEN


def send(capture: Any, out: io.RawIOBase, lateness: Lateness | None) -> int:
    """Write every frame that is not late until the stream or the reader ends; the exit status.

    ``capture``: an opened cv2.VideoCapture. ``lateness``: None for a source without stamps.
    """
    import cv2

    number = 0
    while True:
        if not capture.grab():
            return ENDED
        captured = time.monotonic()
        if lateness and lateness.late(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, captured):
            continue
        ok, image = capture.retrieve()
        if not ok:
            return ENDED
        try:
            out.write(pack(captured, number, image.shape[0], image.shape[1]))
            data = memoryview(image.tobytes())
            while data:
                data = data[out.write(data) :]
        except BrokenPipeError:
            return 0
        number += 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
