"""Cameras that see nothing, frozen and turned ones are noticed; people and lamps are none."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gate.camera.view import Change, Figures, Problem, View, measure, step, unseen

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
        self,
        picture: Picture | Callable[[int], Picture],
        seconds: float,
        noise: float = 2.0,
        *,
        faces: bool = False,
    ) -> list[tuple[Problem, bool, str]]:
        changes: list[Change] = []
        for n in range(round(seconds * FPS)):
            image = picture(n) if callable(picture) else picture
            figures = measure(self.noisy(image, noise))
            self.view, found = step(self.view, figures, self.now, faces=faces)
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


def written(image: Picture) -> Picture:
    """With the time written into it, as network cameras do."""
    copy, white = image.copy(), (255, 255, 255)
    return np.asarray(cv2.putText(copy, "2026-11-29 19:07", (140, 20), 0, 0.5, white, 1), np.uint8)


BLACK, WHITE, FLAT = np.zeros_like(STREET), np.full_like(STREET, 255), np.full_like(STREET, 200)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "cause", "lasts"),
    [
        (BLACK, "dark", 90),
        (written(BLACK), "dark", 90),
        (WHITE, "bright", 90),
        (FLAT, "flat", 20),
        (written(FLAT), "flat", 20),
        (blurred(STREET), "blurred", 20),
    ],
)
def test_a_picture_in_which_nothing_is_seen_is_covered_once_it_lasts_and_then_over(
    camera: Camera, picture: Picture, cause: str, lasts: float
) -> None:
    assert camera.shows(picture, lasts - 1, noise=1.0) == []
    assert camera.shows(picture, 3, noise=1.0) == [(Problem.COVERED, True, cause)]
    assert camera.shows(picture, 30, noise=1.0) == []
    if lasts > 20:
        assert camera.shows(STREET, 85) == []
    assert camera.shows(STREET, 10) == [(Problem.COVERED, False, "")]


def test_cars_and_people_with_a_lamp_in_a_dark_night_are_one_alarm() -> None:
    shown = [figures(light=light, mean=light) for light in (5.0, 5.1, 120.0, 120.1)]
    state, changes = View(), []
    for second in range(2 * 3600):
        lit = second > 200 and second % 300 < 60
        state, found = step(state, shown[2 * lit + second % 2], float(second), faces=lit)
        changes += found
    assert [(change.begins, change.cause) for change in changes] == [(True, "dark")]


@pytest.mark.slow
def test_a_camera_that_is_covered_when_the_gate_starts_is_noticed() -> None:
    for picture, cause in ((BLACK, "dark"), (FLAT, "flat"), (blurred(STREET), "blurred")):
        assert Camera().shows(picture, 100, noise=1.0) == [(Problem.COVERED, True, cause)]


@pytest.mark.slow
def test_whoever_is_found_before_a_camera_is_seen_by_it(camera: Camera) -> None:
    for picture in (BLACK, WHITE, FLAT, blurred(STREET)):
        assert camera.shows(picture, 100, noise=1.0, faces=True) == []
        camera.shows(STREET, 5)
    assert camera.shows(FLAT, 25) == [(Problem.COVERED, True, "flat")]
    assert camera.shows(FLAT, 5, faces=True) == [(Problem.COVERED, False, "")]


@pytest.mark.slow
def test_a_bare_wall_before_which_faces_are_found_is_no_cover_and_tape_is_one() -> None:
    wall = FLAT.copy()
    wall[190:196], wall[196:] = 235, 110  # the floor
    camera = Camera()
    assert camera.shows(wall, 30) == [(Problem.COVERED, True, "flat")]
    assert camera.shows(wall, 5, faces=True) == [(Problem.COVERED, False, "")]
    assert camera.shows(wall, 60) == []
    assert camera.shows((wall // 2).astype(np.uint8), 60) == []
    assert camera.shows(FLAT, 30) == [(Problem.COVERED, True, "flat")]


@pytest.mark.slow
def test_faces_do_not_hide_a_strobe(camera: Camera) -> None:
    dark = (STREET // 6).astype(np.uint8)
    found = camera.shows(lambda n: STREET if n % 2 else dark, 30, faces=True)
    assert found == [(Problem.COVERED, True, "flicker")]


def figures(**different: float) -> Figures:
    """Of a picture in which everything can be seen."""
    usual = {"mean": 90.0, "light": 160.0, "burnt": 0.0, "contrast": 1.0, "focus": 0.02}
    usual |= different
    another = int(1e6 * sum(usual.values()))
    return Figures(**usual, edges=np.zeros((48, 64), np.float32), print=another)


LIMITS = [
    ("light", 19.9, 20.1, 24.9, "dark"),
    ("burnt", 0.651, 0.649, 0.521, "bright"),
    ("contrast", 0.349, 0.351, 0.437, "flat"),
    ("focus", 0.0059, 0.0061, 0.0074, "blurred"),
]


@pytest.mark.parametrize(("figure", "beyond", "within", "leaving", "cause"), LIMITS)
def test_a_limit_that_was_passed_is_wider_on_the_way_back(
    figure: str, beyond: float, within: float, leaving: float, cause: str
) -> None:
    assert unseen(figures()) == ""
    assert unseen(figures(**{figure: beyond})) == cause
    assert unseen(figures(**{figure: within})) == ""
    state, changes = View(), []
    for second in range(300):  # back and forth about the limit, after it was passed for good
        value = beyond if second < 100 else (within, leaving)[second % 2]
        shown = figures(**{figure: value, "mean": 90.0 + second % 3})
        state, found = step(state, shown, float(second))
        changes += found
    assert [(change.begins, change.cause) for change in changes] == [(True, cause)]


def test_a_flat_picture_of_which_a_third_is_white_is_blinded() -> None:
    assert unseen(figures(contrast=0.3, burnt=0.31)) == "bright"
    assert unseen(figures(contrast=0.3, burnt=0.29)) == "flat"
    assert unseen(figures(contrast=0.4, burnt=0.31)) == ""


@pytest.mark.slow
def test_noise_and_half_the_light_change_no_figure_by_which_a_picture_is_judged() -> None:
    camera, clean = Camera(), measure(STREET)
    for changed in (camera.noisy(STREET, 10), camera.noisy(STREET // 2, 4), written(STREET)):
        found = measure(changed)
        assert found.contrast == pytest.approx(clean.contrast, rel=0.2)
        assert found.focus == pytest.approx(clean.focus, rel=0.4)


@pytest.mark.slow
def test_a_strobe_is_covered(camera: Camera) -> None:
    dark = (STREET // 6).astype(np.uint8)
    found = camera.shows(lambda n: STREET if n % 2 else dark, 30)
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
    assert camera.shows((STREET // 3).astype(np.uint8), 60) == []
    assert camera.shows((STREET // 5).astype(np.uint8), 60) == []
    assert camera.shows(STREET, 10) == []
    assert camera.shows(BLACK, 80, noise=4.0) == []  # the lamp is off
    assert camera.shows(STREET, 10) == []
    assert camera.shows(FLAT, 15) == []
    assert camera.shows(STREET, 10) == []


@pytest.mark.slow
def test_somebody_close_may_stay_for_five_minutes_and_a_turned_camera_may_not(
    camera: Camera,
) -> None:
    assert camera.shows(WALL, 290, faces=True) == []
    assert camera.shows(WALL, 20, faces=True) == [(Problem.MOVED, True, "turned")]


@pytest.mark.slow
def test_a_car_that_waits_with_its_headlights_on_has_turned_no_camera(camera: Camera) -> None:
    y, x = np.mgrid[0:240, 0:320]
    spot = np.exp(-(((x - 160) ** 2 + (y - 120) ** 2) / 80**2))[..., None]
    glare = np.clip(STREET * 0.3 + 60 + 500 * spot, 0, 255).astype(np.uint8)
    assert 0.3 < measure(glare).burnt < 0.65
    assert camera.shows(glare, 80) == []
    assert camera.shows(glare, 20) == [(Problem.MOVED, True, "turned")]


@pytest.mark.slow
def test_a_camera_that_is_slow_or_set_back_raises_nothing(camera: Camera) -> None:
    camera.now -= 3600
    assert camera.shows(STREET, 20) == []
