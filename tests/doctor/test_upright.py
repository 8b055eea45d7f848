"""A camera on its side or upside down is noticed by the faces in its picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from gate.camera.settings import Turn
from gate.camera.source import Frame
from gate.camera.turning import turned
from gate.config.settings import build
from gate.doctor import Level, box
from gate.doctor.upright import further, turn_of
from gate.models.settings import ModelsSettings
from gate.recognition.detection.detector import HogDetector, build_detector
from gate.recognition.face import Face, Image
from gate.recognition.settings import RecognitionSettings
from gate.setup import trying
from tests.doctor.looking import FIXTURES, look

TURNS: tuple[Turn, ...] = get_args(Turn)
PHOTOGRAPH = FIXTURES / "photographs" / "eileen-collins.jpg"
NOBODY = np.zeros((48, 64, 3), np.uint8)


def mounted(turn: Turn) -> Image:
    """What a camera sees that needs to be turned by ``turn``."""
    image = np.asarray(cv2.imread(str(PHOTOGRAPH)), np.uint8)
    scale = 640 / max(image.shape[:2])
    return turned(np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8), _back(turn))


def _back(turn: Turn) -> Turn:
    return TURNS[-turn // 90 % 4]


def face(score: float, down: tuple[float, float] = (0, 1)) -> Face:
    """One whose mouth lies in the direction ``down`` of its eyes."""
    right = np.array((down[1], -down[0]))
    middle, mouth = np.array((50.0, 50.0)), np.array((50.0, 50.0)) + 20 * np.array(down)
    points = [middle - 10 * right, middle + 10 * right, middle, mouth - right, mouth + right]
    return Face((0, 0, 99, 99), score, np.float32(points))


def seen(*faces: Face | None) -> Callable[[Image], list[Face]]:
    """A detector that finds one after the other in the pictures it is given."""
    left = list(faces)

    def detect(image: Image) -> list[Face]:
        found = left.pop(0)
        return [found] if found else []

    return detect


@pytest.mark.parametrize("turn", TURNS)
def test_a_photograph_each_way_round(turn: Turn) -> None:
    detectors = [HogDetector()]
    models = ModelsSettings()
    if (found := build_detector(RecognitionSettings(), models)).name == "yunet":
        detectors.append(found)  # type: ignore[arg-type]
    for detector in detectors:
        assert turn_of(mounted(turn), detector.detect) == turn, detector.name


def test_a_face_upside_down_that_is_found_all_the_same_is_outdone_by_the_upright_one() -> None:
    assert turn_of(NOBODY, seen(face(0.88), None, face(0.92), None)) == 180
    assert turn_of(NOBODY, seen(face(0.92), None, face(0.88), None)) == 0


def test_a_face_that_lies_does_not_stand() -> None:
    assert turn_of(NOBODY, seen(face(0.95, (1, 0)), face(0.9), None, face(0.95, (0, -1)))) == 90


def test_what_is_hardly_a_face_turns_nothing() -> None:
    assert turn_of(NOBODY, seen(None, face(0.84), None, None)) == 0
    assert turn_of(NOBODY, seen(None, face(0.86), None, None)) == 90
    assert turn_of(NOBODY, seen(None, None, None, None)) == 0


@pytest.mark.parametrize(
    ("rotate", "turn", "then"), [(0, 90, 90), (90, 90, 180), (180, 270, 90), (270, 180, 90)]
)
def test_what_it_is_turned_by_already_counts(rotate: Turn, turn: Turn, then: Turn) -> None:
    found = [face(0.9) if each == turn else None for each in TURNS]
    assert further(NOBODY, rotate, seen(*found)) == then
    assert further(NOBODY, rotate, seen(face(0.9), None, None, None)) is None


class Mounted:
    """A capture of a camera that is mounted on its side, and turned as it is told."""

    def __init__(self, settings: Any, *given: object) -> None:
        self._rotate = settings.rotate

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame:
        return Frame(turned(mounted(90), self._rotate), 0.0, 0)

    def close(self) -> None: ...


@pytest.mark.parametrize(("rotate", "named"), [(0, "90"), (90, ""), (180, "90"), (270, "90")])
def test_doctor_and_the_set_up_name_the_key(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, rotate: Turn, named: str
) -> None:
    monkeypatch.setattr(box, "Capture", Mounted)
    monkeypatch.setattr(trying, "Capture", Mounted)
    values["camera"] = [{"source": "/dev/video0", "rotate": rotate}]
    found = look("camera", values)
    assert found.level is (Level.WARN if named else Level.OK)
    assert (f"set rotate = {named} in [[camera]]" in found.hint) == bool(named)
    told: list[str] = []

    class Talk:
        asks = False

        def say(self, text: str, style: str = "", **values: object) -> None:
            told.append(text.format(**values))

    assert trying.camera(build(values), Talk())  # type: ignore[arg-type]
    assert any("set rotate = 90" in line for line in told) == bool(named)


def test_a_camera_on_its_side_has_the_width_of_its_height(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = np.full((480, 400, 3), 120, np.uint8)
    wide[:, np.arange(400) // 20 % 2 == 0] = 30  # something can be made out
    monkeypatch.setattr(Mounted, "read", lambda self, timeout: Frame(wide, 0.0, 0))
    monkeypatch.setattr(box, "Capture", Mounted)
    upright = {"source": "rtsp://192.0.2.1/live", "width": 640, "height": 120, "rotate": 90}
    values["camera"] = [upright]
    assert "smaller stream" in look("camera", values).hint
    values["camera"] = [{**upright, "rotate": 0}]
    assert look("camera", values).hint == ""


def test_without_a_detector_doctor_still_looks_at_the_picture(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(box, "Capture", Mounted)
    values["camera"] = [{"source": "/dev/video0"}]
    values["recognition"] = {"detector": "yunet"}
    values["models"] = {"folder": str(tmp_path / "none")}
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    assert look("camera", values).level is Level.OK
