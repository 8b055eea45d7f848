"""Faces are found, near and far, in the whole image and around where they were."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.box import overlap
from gate.recognition.detection.detector import Detector, HogDetector, YuNetDetector, build_detector
from gate.recognition.face import Image
from gate.recognition.settings import RecognitionSettings

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path("fixtures/photographs")


@pytest.fixture(params=["hog", "yunet"])
def detector(request: pytest.FixtureRequest) -> Detector:
    if request.param == "hog":
        return HogDetector()
    file = find("yunet", ModelsSettings())
    if file is None:
        pytest.skip("YuNet is not installed: set GATE_MODELS_DIR or run `gate models fetch`")
    return YuNetDetector(file)


@pytest.fixture(scope="module")
def photograph() -> Image:
    return np.asarray(cv2.imread(str(PHOTOGRAPHS / "eileen-collins.jpg")), np.uint8)


def test_the_one_face_is_found_with_its_landmarks(detector: Detector, photograph: Image) -> None:
    (face,) = detector.detect(photograph)
    assert face.detector == detector.name
    assert 0 < face.score <= 1
    assert face.landmarks is not None
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    left, top, right, bottom = face.box
    assert ((face.landmarks >= (left, top)) & (face.landmarks <= (right, bottom))).all()


def test_around_its_box_the_same_face_is_found(detector: Detector, photograph: Image) -> None:
    (face,) = detector.detect(photograph)
    moved = tuple(edge + 0.2 * face.width for edge in face.box)
    (again,) = detector.detect(photograph, [moved])  # type: ignore[list-item]
    assert overlap(face.box, again.box) > 0.6


def test_two_regions_on_one_face_give_one_face(detector: Detector, photograph: Image) -> None:
    (face,) = detector.detect(photograph)
    assert len(detector.detect(photograph, [face.box, face.box])) == 1


@pytest.mark.parametrize("scale", [0.7, 3.0])
@pytest.mark.slow
def test_small_and_large_faces_are_found(
    detector: Detector, photograph: Image, scale: float
) -> None:
    image = np.asarray(cv2.resize(photograph, None, fx=scale, fy=scale), np.uint8)
    (face,) = detector.detect(image)
    assert 50 * scale < face.width < 200 * scale


@pytest.mark.parametrize("region", [None, [], [(-500.0, -500.0, -400.0, -400.0)]])
@pytest.mark.slow
def test_where_nobody_is_nobody_is_found(
    detector: Detector, region: list[tuple[float, float, float, float]] | None
) -> None:
    assert detector.detect(np.full((120, 160, 3), 90, np.uint8), region) == []


def test_the_detector_that_is_always_there_is_chosen_without_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    nowhere = ModelsSettings(folder=tmp_path)
    assert build_detector(RecognitionSettings(), nowhere).name == "hog"
    with pytest.raises(ModelError, match="detector yunet is not installed"):
        build_detector(RecognitionSettings(detector="yunet"), nowhere)


def test_a_file_that_is_not_yunet_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "face.onnx"
    file.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        YuNetDetector(file)


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0
