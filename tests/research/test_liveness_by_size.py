"""Frames made smaller, and what a ratio of living faces and pictures costs."""

from __future__ import annotations

import numpy as np
import pytest

from research.liveness_by_size import CAMERA, PLACES, area, cost, fitted, smaller


def test_a_smaller_frame_is_alone_or_lies_within_one_of_the_camera() -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    alone, framed = (smaller(image, 0.5, place) for place in PLACES)
    assert alone.shape == (120, 160, 3)
    assert framed.shape == (*CAMERA, 3)
    np.testing.assert_array_equal(framed[180:300, 240:400], alone)
    assert (framed[0, 240:400] == alone[0]).all()


def test_the_area_counts_pairs_in_which_the_living_face_has_more() -> None:
    assert area(np.array([2.0, 1.0]), np.array([0.0, 1.0])) == pytest.approx(0.875)


def test_a_ratio_that_says_nothing_costs_one_bit_and_a_wrong_one_more() -> None:
    live, weight = np.array([True, False]), np.array([0.5, 0.5])
    assert cost(np.zeros(2), live, weight) == pytest.approx(1.0)
    assert cost(np.array([3.0, -3.0]), live, weight) < 0.1
    assert cost(np.array([-3.0, 3.0]), live, weight) > 4


def test_what_is_shifted_and_too_steep_is_put_right() -> None:
    random = np.random.default_rng(1)
    live = np.arange(4000) % 2 == 0
    true = random.normal(np.where(live, 2, -2), 2)  # its log-likelihood ratio is itself
    scale, offset = fitted(2 * true + 1, live, np.full(4000, 1 / 4000))
    assert scale == pytest.approx(0.5, abs=0.06)
    assert offset == pytest.approx(-0.5, abs=0.15)
