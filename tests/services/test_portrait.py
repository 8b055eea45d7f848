"""The face a photograph is meant to show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gate.recognition.face import Face
from gate.services.portrait import Found, cut_out, find, meant

POINTS = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)


def marked(height, width, *places):
    """A dark picture with a red square for each (left, top, side) face; a green one below its
    middle, so that which way up it is can be seen."""
    image = np.zeros((height, width, 3), np.uint8)
    for left, top, side in places:
        image[top : top + side, left : left + side] = (0, 0, 255)
        half, sixth = side // 2, side // 6
        image[top + side - sixth : top + side, left + half - sixth : left + half + sixth] = (
            *(0, 255, 0),
        )
    return image


def detect(image):
    """Finds the squares that are large enough and upright: the green part is below."""
    red = cv2.inRange(image, (0, 0, 128), (100, 100, 255))
    green = cv2.inRange(image, (0, 128, 0), (100, 255, 100))
    count, _, stats, _ = cv2.connectedComponentsWithStats(red | green)
    faces = []
    for left, top, width, height, area in stats[1:count]:
        ys, _ = np.nonzero(green[top : top + height, left : left + width])
        if area < 24 * 24 or not len(ys) or ys.mean() < 0.7 * height:
            continue
        points = POINTS * (width / 100) + np.array([left, top], np.float32)
        box = (float(left), float(top), float(left + width), float(top + height))
        faces.append(Face(box=box, score=0.9, landmarks=points.astype(np.float32)))
    return faces


def test_a_face_is_found_and_given_in_pixels_of_the_whole():
    found = find(marked(600, 800, (100, 100, 120)), detect)
    assert found.faces[0].box == pytest.approx((100, 100, 220, 220), abs=2)


@pytest.mark.slow
def test_a_face_too_small_in_the_reduced_picture_is_found_in_a_larger_one():
    seen = []

    def watched(image):
        seen.append(max(image.shape[:2]))
        return detect(image)

    image = marked(3000, 4000, (1000, 900, 60))  # 15 pixels at 1024
    found = find(image, watched)
    assert found.faces[0].box == pytest.approx((1000, 900, 1060, 960), abs=6)
    assert sorted(set(seen)) == [1024, 2048]
    small, face = cut_out(found, 0, detect)
    assert max(small.shape[:2]) <= 1024
    assert face.width == pytest.approx(60, abs=4)  # of its own pixels, not the reduced ones


@pytest.mark.parametrize(
    "way", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE]
)
def test_a_face_on_its_side_is_turned_upright(way):
    image = marked(600, 800, (100, 100, 120))
    found = find(np.asarray(cv2.rotate(image, way)), detect)
    assert found.image.shape == image.shape
    assert found.faces[0].box == pytest.approx((100, 100, 220, 220), abs=2)


def test_nobody():
    found = find(np.zeros((300, 300, 3), np.uint8), detect)
    assert found.faces == ()
    assert meant(found) is None


@pytest.mark.parametrize(
    ("faces", "index"),
    [
        ([(350, 250, 100)], 0),
        ([(350, 250, 100), (50, 50, 45)], 0),  # the other is far in the background
        ([(350, 250, 100), (50, 50, 60)], 0),  # smaller, and the first is in the middle
        ([(30, 30, 100), (370, 270, 60)], None),  # smaller, but that one is in the middle
        ([(200, 250, 100), (500, 250, 95)], None),  # a couple
    ],
)
def test_which_face_is_meant(faces, index):
    assert meant(find(marked(600, 800, *faces), detect)) == index


def face_at(left, top, side):
    """A face of ``side`` pixels, landmarks well inside it."""
    points = POINTS * (side / 100) + np.array([left, top], np.float32)
    box = (float(left), float(top), float(left + side), float(top + side))
    return Face(box=box, score=0.9, landmarks=points.astype(np.float32))


@pytest.mark.parametrize(
    ("faces", "index"),
    [
        ([(350, 250, 100), (730, 250, 95)], 0),  # the other is cut off by the edge
        ([(350, 250, 100), (702, 250, 95)], None),  # the other is whole
        ([(350, 250, 100), (730, 250, 95), (500, 250, 80)], None),  # a third is whole
        ([(730, 250, 100), (350, 250, 90)], None),  # the largest is cut off
        ([(-30, 250, 100), (730, 250, 95)], None),  # both are
        ([(60, 250, 100), (-60, 260, 99), (500, 270, 30)], None),  # another is nearer the middle
    ],
)
def test_a_face_cut_off_by_the_edge_is_not_the_one_meant(faces, index):
    image = np.zeros((600, 800, 3), np.uint8)
    assert meant(Found(image, tuple(face_at(*face) for face in faces))) == index


def test_the_picked_face_is_cut_out_without_its_neighbour():
    found = find(marked(1200, 1600, (200, 300, 200), (1100, 300, 190)), detect)
    small, face = cut_out(found, 1, detect)
    assert small.shape[1] < 700
    assert len(detect(small)) == 1
    assert face.width == pytest.approx(190, abs=4)


def test_a_lone_face_in_a_small_picture_is_left_whole():
    image = marked(400, 400, (100, 100, 200))
    small, face = cut_out(Found(image, tuple(detect(image))), 0, detect)
    assert small is image
    assert face.width == 200
