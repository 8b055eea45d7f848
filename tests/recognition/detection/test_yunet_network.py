"""YuNet's maps become boxes and landmarks, the same as OpenCV's own reading of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.detection.yunet_network import STRIDES, decoded, yunet_rows

PHOTOGRAPHS = sorted(Path("fixtures/photographs").glob("*.jpg"))
SIDE = 64


def maps(*cells: tuple[int, int, int, float]) -> list[NDArray[np.float32]]:
    """The outputs for a picture of 64 pixels with faces at (stride, column, row, likelihood).

    Each face is four cells wide and eight tall about the middle of its cell's corner.
    """
    found = []
    for values in (1, 1, 4, 10):
        for stride in STRIDES:
            found.append(np.zeros((1, (SIDE // stride) ** 2, values), np.float32))
    for stride, column, row, likelihood in cells:
        k, at = STRIDES.index(stride), row * (SIDE // stride) + column
        found[k][0, at] = likelihood
        found[3 + k][0, at] = likelihood
        found[6 + k][0, at] = 0.5, 0.25, np.log(4), np.log(8)
        found[9 + k][0, at] = np.linspace(-1, 0.8, 10)
    return found


def test_a_cell_becomes_a_box_with_landmarks() -> None:
    (row,) = decoded(maps((8, 5, 3, 0.9)), SIDE, 0.5)
    x, y = (5 + 0.5) * 8, (3 + 0.25) * 8
    assert row[:4] == pytest.approx([x - 16, y - 32, 32, 64])
    assert row[4:6] == pytest.approx([(5 - 1.0) * 8, (3 - 0.8) * 8])
    assert row[12:14] == pytest.approx([(5 + 0.6) * 8, (3 + 0.8) * 8], abs=1e-4)
    assert row[14] == pytest.approx(0.9)


def test_the_score_is_that_of_class_and_object_together() -> None:
    outputs = maps((16, 2, 1, 0.9))
    outputs[1 + 3][0] *= np.float32(0.4 / 0.9)
    (row,) = decoded(outputs, SIDE, 0.5)
    assert row[14] == pytest.approx((0.9 * 0.4) ** 0.5)
    assert len(decoded(outputs, SIDE, 0.61)) == 0


def test_the_best_of_neighbours_stays_whatever_its_stride() -> None:
    rows = decoded(maps((8, 4, 4, 0.7), (8, 5, 4, 0.9), (32, 0, 1, 0.8)), SIDE, 0.5)
    assert rows[:, 14].tolist() == pytest.approx([0.9, 0.8])


def test_nothing_is_found_where_nothing_is() -> None:
    assert decoded(maps(), SIDE, 0.5).shape == (0, 15)


def test_a_file_that_is_not_yunet_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "face.onnx"
    with pytest.raises(ModelError, match="cannot be read"):
        yunet_rows(file, 0.5)
    file.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX model"):
        yunet_rows(file, 0.5)


@pytest.mark.parametrize("name", ["centerface", "faceplugin"])
def test_another_network_is_refused(name: str) -> None:
    other = find(name, ModelsSettings())
    if other is None:
        pytest.skip(f"{name} is not installed: GATE_MODELS_DIR")
    with pytest.raises(ModelError, match="not the network expected"):
        yunet_rows(other, 0.5)


@pytest.mark.parametrize("size", [(192, 192), (256, 192), (384, 384), (250, 190), (33, 200)])
def test_it_finds_what_opencv_finds(size: tuple[int, int]) -> None:
    file = find("yunet", ModelsSettings())
    if file is None:
        pytest.skip("YuNet is not installed: GATE_MODELS_DIR")
    theirs = cv2.FaceDetectorYN.create(str(file), "", size, 0.2)
    rows = yunet_rows(file, 0.2)
    compared = 0
    for photograph in PHOTOGRAPHS:
        picture = np.asarray(cv2.resize(cv2.imread(str(photograph)), size), np.uint8)
        expected = theirs.detect(picture)[1]
        found = rows(picture)
        if expected is None:
            assert len(found) == 0
            continue
        compared += len(expected)
        assert found == pytest.approx(np.asarray(expected), abs=1e-3)
    assert compared or min(size) < 100  # in the narrowest picture there may be none
