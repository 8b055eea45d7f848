"""CenterFace's maps become boxes and landmarks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.centerface_network import CenterFaceNetwork, Rows, decoded
from gate.recognition.detection.detector import CenterFaceDetector, YuNetDetector

PHOTOGRAPHS = sorted(Path("fixtures/photographs").glob("*.jpg"))


def maps(*cells: tuple[int, int, float]) -> tuple[Rows, Rows, Rows, Rows]:
    """Heat, sizes, offsets and points of faces 40 tall and 20 wide at these cells."""
    heat = np.zeros((16, 16), np.float32)
    sizes = np.zeros((2, 16, 16), np.float32)
    offsets = np.zeros((2, 16, 16), np.float32)
    points = np.zeros((10, 16, 16), np.float32)
    for down, right, score in cells:
        heat[down, right] = score
        sizes[:, down, right] = np.log([10, 5])
        offsets[:, down, right] = 0.25, 0.5
        points[:, down, right] = np.linspace(0.1, 1.0, 10)  # y and x in turn
    return heat, sizes, offsets, points


def test_a_peak_becomes_a_box_with_landmarks() -> None:
    (row,) = decoded(*maps((8, 6, 0.9)), 0.5)
    middle_y, middle_x = (8 + 0.25 + 0.5) * 4, (6 + 0.5 + 0.5) * 4
    assert row[:4] == pytest.approx([middle_x - 10, middle_y - 20, 20, 40])
    left, top = row[:2]
    assert row[4:6] == pytest.approx([left + 0.2 * 20, top + 0.1 * 40])
    assert row[12:14] == pytest.approx([left + 1.0 * 20, top + 0.9 * 40])
    assert row[14] == pytest.approx(0.9)


def test_the_best_of_neighbours_stays_and_weak_ones_go() -> None:
    rows = decoded(*maps((8, 6, 0.7), (8, 7, 0.9), (2, 13, 0.8), (12, 13, 0.3)), 0.5)
    assert rows[:, 14].tolist() == pytest.approx([0.9, 0.8])


def test_nothing_is_found_where_nothing_is() -> None:
    assert decoded(*maps(), 0.5).shape == (0, 15)


def test_a_file_that_is_not_centerface_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "face.onnx"
    with pytest.raises(ModelError, match="cannot be read"):
        CenterFaceNetwork(file)
    file.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        CenterFaceNetwork(file)


def test_it_finds_the_faces_yunet_finds() -> None:
    models = ModelsSettings()
    center, yunet = find("centerface", models), find("yunet", models)
    if center is None or yunet is None:
        pytest.skip("centerface or yunet is not installed: set GATE_MODELS_DIR")
    detectors = [CenterFaceDetector(center, threads=1), YuNetDetector(yunet)]
    for path in PHOTOGRAPHS:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        ours, theirs = (detector.detect(image) for detector in detectors)
        assert len(ours) == len(theirs) == 1
        assert ours[0].landmarks is not None
        assert theirs[0].landmarks is not None
        eyes = float(np.linalg.norm(theirs[0].landmarks[0] - theirs[0].landmarks[1]))
        apart = np.linalg.norm(ours[0].landmarks - theirs[0].landmarks, axis=1) / eyes
        assert apart.mean() < 0.15
