"""People before two cameras, drawn as it happens: what they do depends on what the gate says.

Their faces are photographs of LFW, set before the drawn entrance of ``fixtures/``. Each camera is
an address that serves MJPEG, as a network camera does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fixtures.studio.scene import HEIGHT, WIDTH, lobby

Image = NDArray[np.uint8]

EYES, EYE_DISTANCE = (125.0, 113.0), 42.0  # of a photograph of LFW, pixels
LENS = 38.0  # pixels between the eyes at one metre
SPEED = 1.4  # metres a second
FAR = 2.6  # metres at which somebody comes into view
PLACES = (0.72, 1.0, 1.5)  # metres of the first three of a queue; the others are out of view
VIEWS = {"left": (1.0, -12.0, False), "right": (0.92, 18.0, True)}  # size, shift, mirrored


@dataclass(slots=True)
class Figure:
    """Somebody standing or walking there; odd numbers keep to the left, even ones to the right."""

    number: int
    picture: Image
    metres: float = FAR
    goal: float = FAR

    @property
    def arrived(self) -> bool:
        return abs(self.metres - self.goal) < 0.02


class Stage:
    """``place``, ``remove`` and ``arrived`` for the director; the cameras' threads draw."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the two below
        self._figures: dict[int, Figure] = {}
        self._moved = time.monotonic()

    def place(self, number: int, picture: Image, metres: float) -> None:
        """Have somebody walk to this distance; a new one comes from afar."""
        with self._lock:
            self._figures.setdefault(number, Figure(number, picture)).goal = metres

    def remove(self, number: int) -> None:
        with self._lock:
            self._figures.pop(number, None)

    def arrived(self, number: int) -> bool:
        with self._lock:
            figure = self._figures.get(number)
            return figure is not None and figure.arrived

    def draw(self, view: str) -> Image:
        """What a camera sees now, uint8 BGR (480, 640, 3)."""
        now = time.monotonic()
        with self._lock:
            step = SPEED * (now - self._moved)
            self._moved = now
            for figure in self._figures.values():
                figure.metres += float(np.clip(figure.goal - figure.metres, -step, step))
            seen = sorted((f.metres, f.number, f.picture) for f in self._figures.values())
        image = _ground().copy()
        for metres, number, picture in reversed(seen):
            _paint(image, picture, metres, number, now, view)
        noise = _noise()
        return np.asarray(cv2.add(image, noise[int(now * 97) % len(noise)], dtype=cv2.CV_8U))


@cache
def _ground() -> Image:
    return np.clip(lobby() + 8, 0, 255).astype(np.uint8)


@cache
def _noise() -> NDArray[np.int16]:
    shape = (8, HEIGHT, WIDTH, 3)
    return np.random.default_rng(4).normal(0, 2.2, shape).astype(np.int16)


@cache
def _outline() -> NDArray[np.float32]:
    """Head and shoulders of a photograph of LFW, float32 (250, 250), 0..1."""
    mask = np.zeros((250, 250), np.float32)
    cv2.ellipse(mask, (125, 118), (66, 92), 0, 0, 360, 1.0, -1)
    cv2.ellipse(mask, (125, 262), (108, 62), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 5), np.float32)


def _paint(image: Image, picture: Image, metres: float, number: int, now: float, view: str) -> None:
    size, shift, mirrored = VIEWS[view]
    eyes = size * LENS / metres  # pixels between the eyes
    side = -1 if number % 2 else 1
    sway = 0.1 * eyes * np.sin(3 * now + number)
    x = 335 + shift + side * 95 * PLACES[0] / metres + sway
    y = 185 + 0.3 * (eyes - 12) + 0.04 * eyes * np.sin(7 * now + number)
    matrix = cv2.getRotationMatrix2D(EYES, 2.5 * np.sin(2.1 * now + number), eyes / EYE_DISTANCE)
    if mirrored:
        matrix = matrix @ np.array([[-1, 0, 2 * EYES[0]], [0, 1, 0], [0, 0, 1]])
    half = int(3.4 * eyes)
    left, top = max(0, int(x) - half), max(0, int(y) - half)
    right, bottom = min(WIDTH, int(x) + half), min(HEIGHT, int(y) + half)
    if right <= left or bottom <= top:
        return
    matrix[:, 2] += (x - EYES[0] - left, y - EYES[1] - top)
    there = (right - left, bottom - top)
    alpha = cv2.warpAffine(_outline(), matrix, there)[..., None]
    drawn = cv2.warpAffine(picture, matrix, there, borderMode=cv2.BORDER_REPLICATE)
    part = image[top:bottom, left:right]
    part[:] = (part * (1 - alpha) + drawn * alpha).astype(np.uint8)


@contextmanager
def cameras(stage: Stage, fps: float) -> Iterator[dict[str, str]]:
    """The address of each camera's pictures."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            due = time.monotonic()
            with suppress(OSError):
                while True:
                    _, data = cv2.imencode(".jpg", stage.draw(Path(self.path).stem))
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                    self.wfile.write(head.encode() + b"\r\n\r\n" + data.tobytes() + b"\r\n")
                    due = max(due + 1 / fps, time.monotonic() - 1 / fps)
                    time.sleep(max(0.0, due - time.monotonic()))

        def log_message(self, *args: object) -> None:
            """Nothing on the console."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield {view: f"http://127.0.0.1:{server.server_port}/{view}.mjpg" for view in VIEWS}
    finally:
        server.shutdown()
        server.server_close()
