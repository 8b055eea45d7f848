"""Where an image changed is where somebody may have come."""

from __future__ import annotations

import numpy as np

from gate.recognition.detection.motion import changed, thumbnail
from gate.recognition.face import Image


def scene(seed: int = 0, noise: float = 4.0) -> Image:
    random = np.random.default_rng(seed)
    return np.clip(100 + random.normal(0, noise, (480, 640, 3)), 0, 255).astype(np.uint8)


def test_the_noise_of_a_camera_is_no_change() -> None:
    assert changed(thumbnail(scene(1)), thumbnail(scene(2)), 640, 480) is None


def test_somebody_who_comes_lies_within_the_box() -> None:
    image = scene(2)
    image[200:300, 400:480] = 180
    box = changed(thumbnail(scene(1)), thumbnail(image), 640, 480)
    assert box is not None
    left, top, right, bottom = box
    assert left <= 400 < 480 <= right
    assert top <= 200 < 300 <= bottom
    assert (right - left) * (bottom - top) < 0.2 * 640 * 480


def test_a_light_switched_on_changes_everything() -> None:
    image = np.clip(scene(2).astype(int) + 40, 0, 255).astype(np.uint8)
    assert changed(thumbnail(scene(1)), thumbnail(image), 640, 480) == (0, 0, 640, 480)


def test_an_image_of_another_size_has_changed_everywhere() -> None:
    before = thumbnail(scene(1)[:240, :320])
    assert changed(before, thumbnail(scene(1)), 640, 480) == (0, 0, 640, 480)
