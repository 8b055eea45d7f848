"""Light that is too little or too much, and streams that are too large, are named."""

from __future__ import annotations

import numpy as np
import pytest

from gate.camera.replay import Image
from gate.doctor.picture import MUCH, SMALLER, fault


def picture(light: float, spread: float, width: int = 640) -> Image:
    """Stripes of two grey levels."""
    image = np.full((48, width, 3), light - spread, np.float64)
    image[::2] = light + spread
    return image.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("light", "spread", "says"),
    [
        (25, 20, "dark"),
        (26, 20, ""),
        (229, 20, ""),
        (230, 20, "white"),
        (128, 4, "nothing can be made out"),
        (128, 6, ""),
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
