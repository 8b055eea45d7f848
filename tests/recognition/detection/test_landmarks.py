"""Landmarks are read again at a fixed scale, wherever the face is and however large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gate.models.settings import ModelsSettings
from gate.recognition.detection.landmarks import LandmarkReader, build_reader
from gate.recognition.face import Face, Image

OLD = np.zeros((5, 2), np.float32)


class Network:
    """Finds the one white square of a picture, its landmarks on the corners and the middle."""

    def __init__(self) -> None:
        self.seen: list[Image] = []
        self.width = 0.0

    def __call__(self, picture: Image) -> np.ndarray:  # type: ignore[type-arg]
        self.seen.append(picture)
        y, x = np.nonzero(picture[..., 0] > 127)
        if not len(x):
            return np.empty((0, 15), np.float32)
        left, top, right, bottom = x.min(), y.min(), x.max() + 1, y.max() + 1
        self.width = float(right - left)
        points = [left, top, right, top, (left + right) / 2, (top + bottom) / 2]
        points += [left, bottom, right, bottom]
        box = [left, top, right - left, bottom - top]
        return np.array([[*box, *points, 0.9]], np.float32)


def square(left: int, top: int, side: int) -> tuple[Image, Face]:
    image = np.zeros((480, 640, 3), np.uint8)
    image[max(0, top) : top + side, max(0, left) : left + side] = 255
    return image, Face((left, top, left + side, top + side), 0.9, OLD)


@pytest.mark.parametrize(("left", "top", "side"), [(300, 200, 40), (200, 100, 250), (0, 0, 80)])
def test_the_face_measures_the_same_and_its_points_are_of_the_frame(
    left: int, top: int, side: int
) -> None:
    network = Network()
    image, face = square(left, top, side)
    read = LandmarkReader(network, 128, 192, "test").read(image, face)
    assert network.seen[0].shape == (192, 192, 3)
    assert network.width == pytest.approx(128, abs=2)
    expected = [[left, top], [left + side, top], [left + side / 2, top + side / 2]]
    assert read.landmarks is not None
    assert read.landmarks[:3] == pytest.approx(np.array(expected), abs=side / 50 + 1)


def test_a_face_that_is_not_found_again_keeps_its_landmarks() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    face = Face((100, 100, 180, 180), 0.9, OLD)
    assert LandmarkReader(Network(), 128, 192, "test").read(image, face) is face


def test_another_face_nearby_is_not_taken_for_it() -> None:
    image, face = square(300, 200, 60)
    beside = Face((245, 200, 305, 260), 0.9, OLD)
    assert LandmarkReader(Network(), 128, 192, "test").read(image, beside) is beside
    assert LandmarkReader(Network(), 128, 192, "test").read(image, face) is not face


@pytest.mark.parametrize("box", [(-500, -500, -400, -400), (900, 900, 990, 990), (5, 5, 5, 5)])
def test_a_box_outside_the_picture_changes_nothing(box: tuple[float, float, float, float]) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    face = Face(box, 0.9, OLD)
    assert LandmarkReader(Network(), 128, 192, "test").read(image, face) is face


def test_without_a_network_there_is_no_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    assert build_reader(ModelsSettings(folder=tmp_path)) is None
