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

from gate.camera.decoding import RARE, Decoding, Effort, Printed
from gate.camera.judge import Ended, Judge
from gate.camera.lateness import Lateness, unread
from gate.camera.wire import pack

# TCP, and UDP only where a camera has nothing else, and then from this camera alone
TRANSPORT = "rtsp_flags;prefer_tcp+filter_src"
KEY = ord("I")  # OpenCV's CAP_PROP_FRAME_TYPE of a picture that needs no other
_SOONER = 0.8  # share of the silence the gate bears after which it is told why there is nothing


def main(argv: list[str]) -> int:
    """``worker WIDTH HEIGHT FPS SILENT_AFTER EFFORT SIZES``; returns one of ``Ended``.

    The source is the first line of the input: everybody may read the arguments of a process.
    ``EFFORT``: how much is decoded. ``SIZES``: 1 to end when the size of the stream changes.
    """
    width, height, fps, silent_after = int(argv[0]), int(argv[1]), float(argv[2]), float(argv[3])
    effort, sizes = Effort(int(argv[4])), argv[5] == "1"
    source = sys.stdin.readline().rstrip("\n")
    options = TRANSPORT + ("|avdiscard;nonkey" if effort is Effort.KEY_PICTURES else "")
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", options)
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "48"  # everything: ``Decoding`` reads it
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    # what OpenCV prints must not end up among the pixels, and FFmpeg's words are passed to nobody
    printed = Printed()
    import cv2  # after the environment is set: FFmpeg reads it once

    judge = Judge(printed=printed.new, silent_after=_SOONER * silent_after, sizes=sizes)
    if "://" in source:
        wait = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
        threads = [cv2.CAP_PROP_N_THREADS, effort.threads]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, wait + threads)
        judge.decoding = Decoding(effort.threads)
    else:
        capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if not capture.isOpened():
        return _answer(printed.new())
    if source.lower().startswith("rtsp"):
        judge.lateness = Lateness(unread)
        judge.slower = effort is not Effort.KEY_PICTURES
    if effort is Effort.KEY_PICTURES:  # one of them may be late and the next one far
        judge.silent_after += RARE
    return send(capture, out, judge)


def _answer(said: str) -> Ended:
    """The exit status for what FFmpeg printed about a source that does not open."""
    found = re.search(r"DESCRIBE failed: (\d{3})", said)
    statuses = {"401": Ended.REFUSED, "403": Ended.REFUSED, "404": Ended.NO_STREAM}
    return statuses.get(found[1], Ended.CANNOT_OPEN) if found else Ended.CANNOT_OPEN


def send(capture: Any, out: io.RawIOBase, judge: Judge) -> int:
    """Write every frame that is whole and not late until the stream or the reader ends.

    Returns the exit status. ``capture``: an opened cv2.VideoCapture.
    """
    import cv2

    number = 0
    while True:
        if not capture.grab():
            return Ended.STREAM
        captured = time.monotonic()
        stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        verdict = judge.verdict(stamp, capture.get(cv2.CAP_PROP_FRAME_TYPE) == KEY, captured)
        if isinstance(verdict, Ended):
            return verdict
        if not verdict:
            continue
        ok, image = capture.retrieve()
        if not ok or judge.torn():  # one spoilt picture of many; the gate notices when none is left
            continue
        try:
            out.write(pack(captured, number, image.shape[0], image.shape[1]))
            data = memoryview(image.tobytes())
            while data:
                data = data[out.write(data) :]
        except BrokenPipeError:
            return 0
        number += 1


if __name__ == "__main__":
    # at once: to take leave of a camera that does not answer takes seconds, and the gate waits
    os._exit(main(sys.argv[1:]))
