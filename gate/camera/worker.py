"""The capture process: reads one camera with OpenCV and writes every frame to its output.

It is a process of its own because a driver may hang inside a read indefinitely, and only a process
can be killed. The system's monotonic clock is one for all processes, so the stamp made here is
good in the daemon. Started by ``gate.camera.capture``; ends with its parent, when the pipe breaks.
"""

from __future__ import annotations

import os
import sys
import time

from gate.camera.wire import pack


def main(argv: list[str]) -> int:
    """``worker WIDTH HEIGHT FPS``; exit status 3: cannot open, 4: the stream ended.

    The source is the first line of the input: everybody may read the arguments of a process.
    """
    width, height, fps = int(argv[0]), int(argv[1]), float(argv[2])
    source = sys.stdin.readline().rstrip("\n")
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what OpenCV prints must not end up among the pixels
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
    if not capture.isOpened():
        return 3
    number = 0
    while True:
        if not capture.grab():
            return 4
        captured = time.monotonic()
        ok, image = capture.retrieve()
        if not ok:
            return 4
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
