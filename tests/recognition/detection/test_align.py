"""A face is cut out the same however it lies in the image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.recognition.detection.align import crop, similarity

TARGETS = np.array([(40, 60), (88, 60), (64, 82), (45, 105), (84, 105)], np.float32)


@given(st.floats(-180, 180), st.floats(0.2, 5), st.floats(-500, 500), st.floats(-500, 500))
def test_any_turn_size_and_place_is_undone(
    degrees: float, scale: float, x: float, y: float
) -> None:
    turn = scale * np.exp(1j * np.radians(degrees))
    plane = (TARGETS[:, 0] + 1j * TARGETS[:, 1]) * turn + complex(x, y)
    points = np.stack([plane.real, plane.imag], -1).astype(np.float32)
    matrix = similarity(points, TARGETS)
    back = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - TARGETS).max() < 0.01


def test_points_that_coincide_give_no_error() -> None:
    image = np.full((50, 50, 3), 7, np.uint8)
    assert crop(image, np.zeros((5, 2), np.float32), TARGETS, 128).shape == (128, 128, 3)


@pytest.mark.parametrize("factor", [1, 3, 6])
def test_a_large_face_and_a_small_one_give_the_same_picture(factor: int) -> None:
    smooth = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8), (0, 0), 4
    )
    large = cv2.resize(smooth, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    points = (TARGETS + 0.5) * factor - 0.5
    cut = crop(np.asarray(large, np.uint8), points, TARGETS, 128)
    inside = np.s_[8:-8, 8:-8]
    difference = cut[inside].astype(int) - smooth[inside].astype(int)
    assert np.abs(difference).max() <= 3


def test_a_face_at_the_edge_repeats_it() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    assert (crop(image, TARGETS - 60, TARGETS, 128) == 200).all()
