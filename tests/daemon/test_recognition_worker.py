"""The recognition thread: permits held up to a camera become claims."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import segno

from gate.camera.settings import CameraSettings
from gate.camera.source import EndOfRecording, Frame
from gate.config.settings import build
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.recognition_worker import PRESENT, UNREAD, RecognitionWorker, make_source
from gate.readers.claim import Claim, ClaimKind
from gate.recognition.face import Image
from research.permit_camera import permit_text

NOTHING = np.full((480, 640, 3), 90, np.uint8)
TEXT = permit_text(2)


def held(text: str, *, cut: bool = False) -> Image:
    """A code before a grey wall, its lower half gone when ``cut``."""
    image = NOTHING.copy()
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(border=4)]
    code = np.kron((1 - np.array(rows, np.uint8)) * 255, np.ones((4, 4), np.uint8))
    if cut:
        code[len(code) // 2 :] = 90
    image[100 : 100 + len(code), 200 : 200 + len(code)] = code[:, :, None]
    return image


class Film:
    """Frames, then the end."""

    def __init__(self, images: Sequence[Image], name: str) -> None:
        self.name = name
        began = time.monotonic()  # however long a look takes, the film takes no second
        self._frames: Iterator[Frame] = (
            Frame(image, began + 0.02 * i, i, name) for i, image in enumerate(images)
        )

    def open(self) -> None: ...
    def close(self) -> None: ...

    def read(self, timeout: float) -> Frame:
        frame = next(self._frames, None)
        if frame is None:
            raise EndOfRecording
        return frame


class NoFaces:
    claimed: int | None = None

    def process(self, frame: Frame, claimed: int | None = None) -> list[Any]:
        return []


def claims(monkeypatch: pytest.MonkeyPatch, *films: Sequence[Image]) -> list[Claim]:
    """What becomes of these pictures, each camera one film."""
    monkeypatch.setattr("gate.daemon.recognition_worker.PERMIT_EVERY", 0.0)
    sources = [Film(images, f"camera-{i}") for i, images in enumerate(films)]
    cameras = [{"name": film.name, "source": "0"} for film in sources]
    waiting = iter(sources)
    monkeypatch.setattr(
        "gate.daemon.recognition_worker.make_source", lambda settings, *_: next(waiting)
    )
    recognition = RecognitionWorker(build({"camera": cameras}), lambda item: None, lambda: None)
    made: list[Claim] = []
    recognition.run(NoFaces(), made.append, lambda: None)  # type: ignore[arg-type]
    return made


def test_a_permit_held_up_is_one_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    made = claims(monkeypatch, [NOTHING] + [held(TEXT)] * 6 + [NOTHING])
    assert [(c.kind, c.value) for c in made] == [(ClaimKind.PERMIT, TEXT)]


def test_a_code_that_cannot_be_read_for_a_while_is_one_claim_of_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = held(TEXT, cut=True)
    made = claims(monkeypatch, [cut] * (3 * UNREAD))
    assert [(c.kind, c.value) for c in made] == [(ClaimKind.PERMIT, "")]


def test_on_its_way_up_a_code_is_not_complained_about(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = held(TEXT, cut=True)
    made = claims(monkeypatch, [cut] * (UNREAD - 1) + [held(TEXT)] * 3 + [cut] * (UNREAD - 1))
    assert [c.value for c in made] == [TEXT]


def test_what_another_camera_sees_does_not_begin_the_count_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = claims(monkeypatch, [held(TEXT, cut=True)] * UNREAD, [NOTHING] * UNREAD)
    assert [c.value for c in made] == [""]


def test_a_recording_for_a_camera_begins_again_at_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((32, 32, 3), 90 * number, np.uint8))
    caplog.set_level("DEBUG")
    source = make_source(CameraSettings(source=str(tmp_path), fps=60), lambda *_: None)
    source.open()
    seen = [frame.number for _ in range(5) if (frame := source.read(1.0)) is not None]
    source.close()
    assert len(seen) == 5
    assert "recording.again" in caplog.text


def test_a_recording_that_is_taken_away_is_a_lost_camera_until_it_is_back(tmp_path: Path) -> None:
    there, away = tmp_path / "there", tmp_path / "away"
    there.mkdir()
    cv2.imwrite(str(there / "0.png"), np.full((32, 32, 3), 90, np.uint8))
    said: list[tuple[str, bool, str]] = []
    source = make_source(
        CameraSettings(source=str(there), fps=60), lambda *report: said.append(report)
    )
    source.open()
    assert source.read(0.01) is not None
    there.rename(away)
    assert [source.read(0.01) for _ in range(3)] == [None] * 3
    assert said == [("main", False, "no such recording")]
    away.rename(there)
    assert source.read(0.01) is not None
    assert said[1:] == [("main", True, "")]
    source.close()


def test_a_recording_never_ends_although_the_machine_is_too_slow_for_every_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((32, 32, 3), 90, np.uint8))
    seconds = itertools.count(0.0, 10.0)  # each look at the clock is ten seconds later
    monkeypatch.setattr("gate.camera.replay.time.monotonic", lambda: next(seconds))
    monkeypatch.setattr("gate.camera.replay.time.sleep", lambda _: None)
    source = make_source(CameraSettings(source=str(tmp_path), fps=60), lambda *_: None)
    source.open()
    assert [source.read(1.0) is not None for _ in range(4)] == [True] * 4
    source.close()


def test_a_camera_that_is_covered_is_reported_and_so_is_its_end() -> None:
    chance = np.random.default_rng(1)
    blocks = chance.integers(0, 255, (24, 32, 3), np.uint8)
    street = np.asarray(cv2.resize(blocks, (640, 480), interpolation=cv2.INTER_NEAREST), np.uint8)
    posted: list[Any] = []
    recognition = RecognitionWorker(build({}), posted.append, lambda: None)
    pictures = [street] * 3 + [np.zeros_like(street)] * 95 + [street] * 92
    for second, picture in enumerate(pictures):
        noisy = picture ^ chance.integers(0, 2, picture.shape, np.uint8)
        recognition._watch_view(Frame(noisy, 100.0 + second, second, "main"))
    assert [(p.family, p.name, p.there, p.reason) for p in posted] == [
        ("view", "main-covered", False, "dark"),
        ("view", "main-covered", True, ""),
    ]


class Somebody:
    """A recogniser that finds a face in the frames of some seconds."""

    def __init__(self, seconds: range) -> None:
        self._seconds = seconds

    def process(self, frame: Frame, claimed: int | None = None) -> list[Any]:
        # whoever was there is remembered for a while without being found
        last = frame.captured if frame.captured in self._seconds else 0.0
        return [SimpleNamespace(last_seen=last)]


def test_a_camera_in_whose_pictures_faces_are_found_is_not_covered() -> None:
    posted: list[Any] = []
    recognition = RecognitionWorker(build({}), posted.append, lambda: None)
    chance = np.random.default_rng(1)
    faces, reports = Somebody(range(1, 70, 2)), []
    for second in range(1, 100):
        wall = NOTHING ^ chance.integers(0, 2, NOTHING.shape, np.uint8)
        frame = Frame(wall, float(second), second, "main")
        recognition._look(frame, faces, lambda claim: None, None)  # type: ignore[arg-type]
        reports = [item for item in posted if isinstance(item, DeviceStatus)]
        # a face counts for two seconds, and then twenty pass
        assert bool(reports) == (second >= 92), second
    assert [(r.name, r.there, r.reason) for r in reports] == [("main-covered", False, "flat")]


def test_the_picture_for_the_desk_is_reduced_and_never_enlarged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film = Film([NOTHING], "main")
    monkeypatch.setattr("gate.daemon.recognition_worker.PRESENT", 600.0)  # however slow it is here
    monkeypatch.setattr("gate.daemon.recognition_worker.make_source", lambda settings, *_: film)
    cameras = [{"name": "main", "source": "0"}]
    recognition = RecognitionWorker(build({"camera": cameras}), lambda item: None, lambda: None)
    assert recognition.small_picture(320) is None, "before the first frame"
    recognition.run(NoFaces(), lambda claim: None, lambda: None)  # type: ignore[arg-type]
    for width, shape in ((320, (240, 320)), (9000, (480, 640))):
        jpeg = recognition.small_picture(width)
        assert jpeg is not None
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1).shape[:2] == shape


class Faces:
    """Counts the frames it is asked about."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def process(self, frame: Frame, claimed: int | None = None) -> list[Any]:
        self.asked.append(frame.number)
        return []


def looks(recognition: RecognitionWorker, frames: Sequence[Frame]) -> list[int]:
    faces = Faces()
    for frame in frames:
        recognition._look(frame, faces, lambda claim: None, None)  # type: ignore[arg-type]
    return faces.asked


def test_a_face_in_a_picture_that_repeats_itself_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("gate.daemon.recognition_worker.time.monotonic", lambda: now)
    posted: list[Any] = []
    recognition = RecognitionWorker(build({}), posted.append, lambda: None)
    another = NOTHING + np.uint8(1)
    moments = [(n, now - 3 + 0.1 * n) for n in range(20)]
    assert looks(recognition, [Frame(NOTHING, at, n) for n, at in moments]) == list(range(10))
    assert recognition.small_picture(320) is None, "it is not what is there"
    assert cv2.imdecode(np.frombuffer(recognition.picture() or b"", np.uint8), 1).std() == 0
    assert [item.sightings for item in posted] == [()] * 20, "tracks end"
    assert looks(recognition, [Frame(another, now - 1, 20)]) == [20], "at once when it changes"
    assert recognition.small_picture(320) is not None


def test_a_recording_of_one_photograph_is_looked_at_again_and_again(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), NOTHING)
    camera = {"name": "main", "source": str(tmp_path)}
    posted: list[Any] = []
    recognition = RecognitionWorker(build({"camera": [camera]}), posted.append, lambda: None)
    frames = [Frame(NOTHING, 100 + 0.5 * n, n) for n in range(50)]
    assert looks(recognition, frames) == list(range(50))
    told = [item.name for item in posted if isinstance(item, DeviceStatus)]
    assert told == ["main-covered"], "it is grey, but not frozen"


def test_a_picture_of_a_while_ago_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    recognition = RecognitionWorker(build({}), lambda item: None, lambda: None)
    street = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    now = time.monotonic()
    monkeypatch.setattr("gate.daemon.recognition_worker.time.monotonic", lambda: now)
    looks(recognition, [Frame(street, now, 0)])
    assert recognition.small_picture(320) is not None
    later = now + PRESENT + 0.1
    monkeypatch.setattr("gate.daemon.recognition_worker.time.monotonic", lambda: later)
    assert recognition.small_picture(320) is None
    shown = cv2.imdecode(np.frombuffer(recognition.picture() or b"", np.uint8), 1)
    assert shown.shape == street.shape
    assert shown.std() == 0, "grey: a browser keeps the last picture it was given"
