"""A whole image is searched now and then; in between only where somebody is, or something moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gate.camera.source import Frame
from gate.recognition.box import Box
from gate.recognition.detection.search import SEARCH_IDLE, FaceSearch
from gate.recognition.face import Face, Image

EVERY = 0.5
FACE = Face((400.0, 100.0, 500.0, 200.0), 0.9)
NEAR: Box = (350.0, 50.0, 550.0, 250.0)


class Spy:
    """A detector that finds white, and notes of each search what it was given."""

    name = "spy/1"

    def __init__(self) -> None:
        self.searches: list[tuple[tuple[int, ...], int | None]] = []

    def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
        self.searches.append((image.shape[:2], None if regions is None else len(regions)))
        rows, columns = np.nonzero(image[:, :, 0] == 255)
        if not len(rows):
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [Face(tuple(float(edge) for edge in box), 0.9)]  # type: ignore[arg-type]


@pytest.fixture
def spy() -> Spy:
    return Spy()


def frame(at: float, *, face: bool = False, camera: str = "main") -> Frame:
    image = np.zeros((300, 700, 3), np.uint8)
    if face:
        image[100:200, 400:500] = 255
    return Frame(image, at, 0, camera)


WHOLE = (300, 700)


def test_the_first_image_is_searched_whole(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    assert not search.is_recent(frame(0.0))
    assert search.faces(frame(0.0, face=True), [], 0) == [FACE]
    assert spy.searches == [(WHOLE, None)]
    assert search.is_recent(frame(0.3))


def test_those_who_are_followed_are_searched_where_they_were(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0, face=True), [], 0)
    assert search.faces(frame(0.1, face=True), [NEAR], 1) == [FACE]
    assert spy.searches[1:] == [(WHOLE, 1)]


def test_where_somebody_is_lost_the_same_frame_is_searched_whole(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0, face=True), [], 0)
    search.faces(frame(0.1, face=True), [NEAR, NEAR], 2)
    assert spy.searches[1:] == [(WHOLE, 2), (WHOLE, None)]


@pytest.mark.parametrize("at", [EVERY, -1.0])  # in time, or by a clock that jumped back
def test_then_the_whole_is_searched_again_whoever_is_followed(spy: Spy, at: float) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0, face=True), [], 0)
    assert not search.is_recent(frame(at))
    search.faces(frame(at, face=True), [NEAR], 1)
    assert spy.searches[1:] == [(WHOLE, None)]


def test_an_empty_scene_in_which_nothing_moves_is_not_searched(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    for at in (0.0, 0.1, 0.2, 0.3, 0.4):
        assert search.faces(frame(at), [], 0) == []
    assert len(spy.searches) == 1


def test_what_appears_in_an_empty_scene_is_found_in_a_part_and_placed_in_the_whole(
    spy: Spy,
) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0), [], 0)
    assert search.faces(frame(SEARCH_IDLE, face=True), [], 0) == [FACE]
    (height, width), regions = spy.searches[1]
    assert regions is None
    assert height * width < 300 * 700 / 2


def test_between_two_looks_for_movement_nothing_is_looked_at(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0), [], 0)
    assert search.faces(frame(SEARCH_IDLE / 2, face=True), [], 0) == []
    assert search.faces(frame(SEARCH_IDLE, face=True), [], 0) == [FACE]


def test_each_camera_is_searched_for_itself(spy: Spy) -> None:
    search = FaceSearch(spy, EVERY)
    search.faces(frame(0.0), [], 0)
    assert not search.is_recent(frame(0.1, camera="second"))
    search.faces(frame(0.1, face=True, camera="second"), [], 0)
    assert spy.searches == [(WHOLE, None), (WHOLE, None)]
