"""Light that is too little or too much, a lost focus and streams that are too large are named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gate.camera.replay import Image
from gate.doctor.picture import MUCH, SMALLER, fault


def picture(light: float, spread: float, width: int = 640) -> Image:
    """Stripes of two grey levels, each a twentieth of the width wide."""
    image = np.full((48, width, 3), light - spread, np.float64)
    image[:, np.arange(width) * 20 // width % 2 == 0] = light + spread
    return image.clip(0, 255).astype(np.uint8)


def test_a_lens_out_of_focus_and_one_that_is_covered_behind_what_the_camera_writes() -> None:
    sharp = np.repeat(picture(128, 60), 10, axis=0)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 10), np.uint8)
    assert fault(sharp, 640, network=True) == ""
    assert "out of focus" in fault(soft, 640, network=True)
    grey = np.full_like(sharp, 100)
    written = np.asarray(
        cv2.putText(grey, "2026-11-29 19:07", (300, 40), 0, 1.0, (255, 255, 255), 2), np.uint8
    )
    assert "nothing can be made out" in fault(written, 640, network=True)


@pytest.mark.parametrize(
    ("light", "spread", "says"),
    [
        (25, 20, "dark"),
        (26, 20, ""),
        (229, 20, ""),
        (230, 20, "white"),
        (128, 4, "nothing can be made out"),
        (128, 12, ""),
    ],
)
def test_light_that_is_too_little_or_too_much(light: float, spread: float, says: str) -> None:
    found = fault(picture(light, spread), 640, network=True)
    assert says in found
    assert bool(found) == bool(says)


def test_a_stream_larger_than_needed_where_there_are_others() -> None:
    large = picture(128, 20, MUCH * 320 + 1)
    assert fault(large, 320, network=True) == SMALLER
    assert fault(large, 320, network=False) == ""
    assert fault(picture(128, 20, MUCH * 320), 320, network=True) == ""
