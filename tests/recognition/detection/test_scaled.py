"""Pictures are made smaller quickly for the networks that search: nothing moves or is left out."""

from __future__ import annotations

import numpy as np
import pytest

from gate.recognition.detection.detector import _scaled


@pytest.mark.parametrize("scale", [0.11, 0.3, 0.4, 0.49, 0.5, 0.8, 1.0, 1.7])
def test_a_scaled_picture_has_everything_where_it_was(scale: float) -> None:
    image = np.zeros((301, 403, 3), np.uint8)
    image[90:150, 200:290] = 240
    small = _scaled(image, scale)
    assert np.abs(np.array(small.shape[:2]) - np.array([301, 403]) * scale).max() <= 1
    rows, columns = np.nonzero(small[:, :, 1] > 120)
    edges = np.array([rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]) / scale
    assert np.abs(edges - [90, 150, 200, 290]).max() <= 0.75 / scale


def test_no_pixel_is_skipped() -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    image[::3] = 255
    assert abs(float(_scaled(image, 1 / 3).mean()) - 85) < 2
