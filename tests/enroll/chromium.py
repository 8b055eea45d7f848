"""A desk that is served, a real gate beside it, and a real browser before it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.desk_browser import CHROMIUM, breaches, give_axe, too_wide
from enroll.desk import Desk
from gate.recognition.detection.detector import HogDetector
from gate.services import gate_status
from tests.waiting import eventually
from tests.warm import Program

PHOTOGRAPHS = Path(__file__).parent.parent.parent / "fixtures" / "photographs"
PASSWORD = "a-long-enough-secret"
LAPTOP = {"width": 1366, "height": 768}
TABLET = {"width": 820, "height": 1180}

MARKS = [
    pytest.mark.chromium,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]
SMALL = (480, 360)  # a face of 130 pixels, found in half the time of 640 x 480
NOBODY = np.full((90, 120, 3), 90, np.uint8)  # small: the gate looks at it all day
_MINUTES = 20  # of recording before the gate's camera
_FPS = 5
_CONFIG = """
data = "{data}"
name = "north"
recognition = {{ detector = "hog", encoder = "dlib" }}
liveness = {{ mode = "warn" }}
models = {{ folder = "{models}" }}
mqtt = {{ enabled = false }}
screen = {{ enabled = false }}
store = {{ ballast = 0 }}
[[camera]]
source = "{camera}"
fps = {fps}
[access.not_seen]
hours = 24
[advanced]
recognition.threads = 1
access.passage.same_person = 1.0
"""


def waiting() -> float:
    """How many times longer everything takes because others use the machine; 1 when nobody does."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def frames_of(name: str, size: tuple[int, int] = SMALL) -> list[np.ndarray]:
    """Frames of somebody who sits before a camera and moves a little."""
    photograph = cv2.imread(str(PHOTOGRAPHS / f"{name}.jpg"))
    face = HogDetector().detect(photograph)[0]
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    scale = 0.36 * size[1] / face.height
    frames = []
    for step in range(48):
        swing = np.sin(step / 48 * 2 * np.pi)
        zoom = scale * (1 + 0.12 * np.cos(step / 48 * 2 * np.pi))
        matrix = cv2.getRotationMatrix2D((x, y), 5 * swing, zoom)
        matrix[:, 2] += (size[0] / 2 - x + 30 * swing, size[1] / 2 - y)
        frames.append(cv2.warpAffine(photograph, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    return frames


def jpeg(frame: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


class Gate:
    """``gate run`` in a process of its own, on the same database; its camera is a folder of frames
    read one by one, each a link to what ``shows`` says at that moment."""

    def __init__(self, desk: Desk, folder: Path, frames: list[np.ndarray]) -> None:
        self._desk = desk
        self._stage = folder / "stage"
        camera = folder / "camera"
        camera.mkdir(parents=True)
        for what in ("nobody", "resident"):
            (folder / what).mkdir()
            for number, frame in enumerate(frames):
                shown = frame if what == "resident" else NOBODY
                (folder / what / f"{number:02}.jpg").write_bytes(jpeg(shown))
        self.shows("nobody")
        for number in range(_MINUTES * 60 * _FPS):
            link = camera / f"{number:05}.jpg"
            link.symlink_to(self._stage / f"{number % len(frames):02}.jpg")
        config = folder / "gate.toml"
        models = desk.folder.parent / "models"
        values = {"data": desk.folder, "models": models, "camera": camera, "fps": _FPS}
        config.write_text(_CONFIG.format(**values))
        self._process = Program(
            *("run", "--config", str(config)),
            out=folder / "gate.log",
            environment={k: v for k, v in os.environ.items() if k != "GATE_MODELS_DIR"},
        )
        self.until(lambda: self.events("gate.started"))

    def shows(self, what: str) -> None:
        """Who stands before the camera from now on: "resident" or "nobody"."""
        new = self._stage.with_name("new")
        new.symlink_to(self._stage.with_name(what))
        new.replace(self._stage)

    def events(self, *types: str) -> list[dict]:
        rows = self._desk.store.events.search(gate="north", types=types, limit=1000)
        return [{**row.body, "time": row.time} for row in reversed(rows)]

    def answers(self) -> list[dict]:
        """Every answer people at the gate were given."""
        return self.events("passage.granted", "passage.denied", "passage.asked")

    def until(self, true: Callable[[], object], seconds: float = 240.0) -> None:
        assert self._within(seconds, true), "did not happen in time"

    def knows(self, people: int) -> None:
        """Wait until the gate says that it has the faces of so many people."""
        key_values = self._desk.store.key_values
        self.until(lambda: gate_status.read(key_values, "north")[1]["gallery"]["people"] == people)

    def answer(self) -> dict:
        """Let the resident walk up; what they are answered.

        Who comes again before the gate has seen them leave is not answered again: they step aside
        for longer and walk up once more.
        """
        before = len(self.answers())
        for patience in range(1, 10):
            self.shows("resident")
            answered = self._within(8.0 * patience, lambda: len(self.answers()) > before)
            self.shows("nobody")
            if answered or self._within(2.0 * patience, lambda: len(self.answers()) > before):
                return self.answers()[before]
        raise AssertionError("the gate does not answer")

    def lets_in(self) -> dict:
        """What is answered to the resident, whom the gate has to know.

        Where others use the machine it sees too few pictures in time and asks for a card: they walk
        up again.
        """
        for _ in range(5):
            answer = self.answer()
            if answer["type"] != "passage.asked":
                break
        return answer

    def _within(self, seconds: float, true: Callable[[], object]) -> bool:
        def ended() -> bool:
            assert self._process.poll() is None, "the gate ended"
            return bool(true())

        return eventually(ended, seconds)

    def close(self) -> None:
        self._process.terminate()
        assert self._process.wait(240) == 0


@contextmanager
def started(folder: Path) -> Iterator[Any]:
    """A browser before whose camera somebody sits; what the camera shows is kept in ``folder``."""
    from playwright.sync_api import sync_playwright

    video = folder / "camera.mjpeg"
    video.write_bytes(b"".join(jpeg(frame) for frame in frames_of("eileen-collins")))
    flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={video}")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@contextmanager
def browser(chromium: Any, address: str) -> Iterator[Clerk]:
    """Somebody new before the browser: signed in nowhere, nothing kept from others."""
    context = chromium.new_context(viewport=LAPTOP, locale="zh-CN")
    give_axe(context)
    yield Clerk(context.new_page(), address)
    context.close()


class Clerk:
    """A person at the browser; every page looked at is checked and, if wished, kept."""

    def __init__(self, page, address: str) -> None:
        self.page = page
        self.address = address
        self._folder = os.environ.get("GATE_SCREENSHOTS")
        self.faults: list[str] = []
        page.set_default_timeout(120_000)
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def until(self, true: Callable[[], object], seconds: float = 120.0) -> None:
        """Wait for something outside the page, while the browser's messages are heard."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "did not happen in time"
            self.page.wait_for_timeout(20)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"[name={name}]", value)

    def type_into(self, name: str, text: str) -> None:
        """Type once the page has given that field the focus, which it does as it paints."""
        self.page.wait_for_function("name => document.activeElement.name === name", arg=name)
        self.page.keyboard.type(text)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).first.click()

    def look(self, name: str) -> None:
        """Check with axe, and that nothing lies beyond the edge; keep a picture."""
        self.faults += breaches(self.page, name) + too_wide(self.page, name)
        if self._folder:
            self.page.screenshot(path=f"{self._folder}/{name}.png", full_page=True)

    def sign_in(self, login: str) -> None:
        self.go("/login")
        self.fill(login=login, password=PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.address + "/")

    def new_person(self, name: str, unit: str, picture: str = "") -> int:
        self.go("/people/new")
        self.fill(name=name, birth_year="1956", building="3", unit=unit)
        if picture:
            self.look(picture)
        self.press("保存并征求同意")
        self.page.wait_for_url("**/consent**")
        return int(self.page.url.split("/people/")[1].split("/")[0])

    def five_views(self) -> None:
        self.press("同意：去拍摄")
        self.page.wait_for_selector(".guidance.good", timeout=200_000)
