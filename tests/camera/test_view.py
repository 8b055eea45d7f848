"""Covered, frozen and turned cameras are seen; people and lamps are not taken for it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gate.camera.view import Change, Problem, View, measure, step

Picture = NDArray[np.uint8]
FPS = 5.0


def scene(seed: int) -> Picture:
    """A street of rectangles."""
    chance = np.random.default_rng(seed)
    image = np.full((240, 320, 3), 90, np.uint8)
    for _ in range(25):
        x, y = int(chance.integers(0, 300)), int(chance.integers(0, 220))
        w, h = int(chance.integers(10, 80)), int(chance.integers(10, 80))
        colour = [int(c) for c in chance.integers(20, 240, 3)]
        cv2.rectangle(image, (x, y), (x + w, y + h), colour, -1)
    return image


STREET, WALL = scene(1), scene(2)
# what a sensor adds, standard deviation 1: drawn once, a different part of it for each frame
NOISE = np.random.default_rng(3).normal(0, 1, (480, 480, 3)).astype(np.float32)


class Camera:
    """Frames with the noise of a sensor, five a second."""

    def __init__(self) -> None:
        self.view = View()
        self.now = 100.0
        self.chance = np.random.default_rng(3)
        self.frames = 0

    def shows(
        self, picture: Picture | Callable[[int], Picture], seconds: float, noise: float = 2.0
    ) -> list[tuple[Problem, bool, str]]:
        changes: list[Change] = []
        for n in range(round(seconds * FPS)):
            image = picture(n) if callable(picture) else picture
            self.view, found = step(self.view, measure(self.noisy(image, noise)), self.now)
            changes += found
            self.now += 1 / FPS
        return [(c.problem, c.begins, c.cause) for c in changes]

    def noisy(self, image: Picture, noise: float) -> Picture:
        if not noise:
            return image
        y, x = self.chance.integers(0, 240), self.chance.integers(0, 160)
        grain = NOISE[y : y + 240, x : x + 320]
        return np.asarray(np.clip(image + noise * grain, 0, 255), np.uint8)


@pytest.fixture
def camera() -> Camera:
    camera = Camera()
    assert camera.shows(STREET, 30) == []
    return camera


def blurred(image: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 12), np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "cause"),
    [
        (np.zeros_like(STREET), "dark"),
        (np.full_like(STREET, 200), "flat"),
        (blurred(STREET), "blurred"),
    ],
)
def test_15_seconds_without_a_usable_picture_are_covered_and_then_over(
    camera: Camera, picture: Picture, cause: str
) -> None:
    assert camera.shows(picture, 15, noise=1.0) == [(Problem.COVERED, True, cause)]
    assert camera.shows(STREET, 5) == [(Problem.COVERED, False, "")]


@pytest.mark.slow
def test_a_strobe_is_covered(camera: Camera) -> None:
    dark = (STREET // 6).astype(np.uint8)
    found = camera.shows(lambda n: STREET if n % 2 else dark, 20)
    assert found == [(Problem.COVERED, True, "flicker")]


@pytest.mark.slow
def test_the_same_picture_again_and_again_is_frozen(camera: Camera) -> None:
    assert camera.shows(STREET, 15, noise=0.0) == [(Problem.FROZEN, True, "still")]
    assert camera.shows(STREET, 5) == [(Problem.FROZEN, False, "")]


@pytest.mark.slow
def test_a_quiet_scene_that_repeats_between_key_frames_is_not_frozen(camera: Camera) -> None:
    pictures = STREET, np.asarray(STREET ^ 1, np.uint8)
    assert camera.shows(lambda n: pictures[int(n / FPS / 2) % 2], 40, noise=0.0) == []


@pytest.mark.slow
def test_a_camera_turned_away_has_moved_until_it_is_turned_back(camera: Camera) -> None:
    assert camera.shows(WALL, 60) == [(Problem.MOVED, True, "turned")]
    assert camera.shows(STREET, 5) == [(Problem.MOVED, False, "")]


def person(n: int) -> Picture:
    image = STREET.copy()
    x = 100 + (n * 7) % 60
    cv2.rectangle(image, (x, 30), (x + 120, 240), (60, 80, 120), -1)
    cv2.circle(image, (x + 60, 60), 40, (150, 170, 220), -1)
    return image


@pytest.mark.slow
def test_people_lamps_dusk_and_a_hand_for_a_moment_are_nothing(camera: Camera) -> None:
    assert camera.shows(person, 60) == []
    assert camera.shows((STREET // 3).astype(np.uint8), 30) == []
    assert camera.shows(STREET, 10) == []
    assert camera.shows(np.zeros_like(STREET), 5, noise=1.0) == []
    assert camera.shows(STREET, 10) == []


@pytest.mark.slow
def test_a_camera_that_is_slow_or_set_back_raises_nothing(camera: Camera) -> None:
    camera.now -= 3600
    assert camera.shows(STREET, 20) == []
