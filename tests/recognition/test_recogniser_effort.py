"""How often the recogniser searches, encodes and measures, and what it looks at meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gate.recognition.face import Face, Image, Unusable, Verdict
from gate.recognition.recogniser import Recogniser
from tests.recognition.actors import (
    RATE,
    REGISTER,
    SETTINGS,
    Actor,
    Box,
    Scene,
    alone,
    mixed,
    play,
    vector,
)


def test_what_is_decided_is_looked_at_only_now_and_then() -> None:
    scene = alone([vector(1, 0.2, i) for i in range(30)])
    play(scene)
    assert scene.encoded <= 5


def test_the_whole_image_is_searched_only_now_and_then() -> None:
    scene = alone([vector(1)] * 30)
    play(scene)
    assert sum(scene.searched) == 6  # every 0.5 s, frames come every 0.1 s


def test_somebody_alone_and_decided_is_followed_in_every_second_frame() -> None:
    scene = alone([vector(1, 0.2, i) for i in range(30)])
    seen = play(scene)
    assert 14 <= len(scene.searched) <= 20
    assert all(len(sightings) == 1 for sightings in seen)
    assert [s[0].verdict for s in seen[1:]] == [Verdict.KNOWN] * 29
    ages = [i / RATE - sightings[0].last_seen for i, sightings in enumerate(seen)]
    assert max(ages) < 0.15


def test_every_look_at_the_gate_is_a_brief_one() -> None:
    scene = alone([vector(1, 0.2, i) for i in range(30)])
    play(scene)
    assert len(scene.brief) == scene.encoded > 0
    assert all(scene.brief)


def test_a_face_not_decided_is_looked_at_in_every_frame_a_tenth_of_a_second_apart() -> None:
    """Also where the difference of two times is a little less than the interval."""
    weak = [mixed(50, 1, 0.62)] * 15
    scene = alone(weak)
    play(scene)
    assert scene.encoded == len(weak)


def test_two_in_view_are_followed_in_every_frame() -> None:
    pair = [[Actor(100, vector(1, 0.2, i)), Actor(500, vector(2, 0.2, i))] for i in range(30)]
    scene = Scene(pair)
    play(scene)
    assert len(scene.searched) == 30


def test_whoever_leaves_is_missed_within_two_frames() -> None:
    scene = Scene([[Actor(300, vector(1, 0.2, i))] for i in range(10)] + [[]] * 10)
    seen = play(scene)
    assert all(not sightings for sightings in seen[12:])


def test_a_card_that_is_shown_has_every_frame_looked_at() -> None:
    scene = alone([vector(1, 0.2, i) for i in range(20)])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    for i in range(20):
        recogniser.process(scene.frame(i), claimed=1)
    assert len(scene.searched) == 20


def test_what_is_decided_is_measured_only_now_and_then() -> None:
    measured = []

    class Measuring(Scene):
        def assess(self, image: Image, face: Face) -> Face:
            measured.append(int(image[0, 0, 0]))
            return super().assess(image, face)

    pair = [[Actor(100, vector(1, 0.2, i)), Actor(500, vector(2, 0.2, i))] for i in range(40)]
    play(Measuring(pair))
    assert 2 * 6 <= len(measured) <= 2 * 14


def test_a_face_that_becomes_unusable_is_not_encoded() -> None:
    """Whatever was measured before: a face is measured in the frame in which it is encoded."""
    frames = [[Actor(300, vector(1, 0.2, i))] for i in range(10)]
    scene = Scene(frames + [[Actor(300, vector(1), Unusable.TURNED)]] * 30)
    seen = play(scene)
    assert scene.encoded <= 3
    assert seen[-1][0].guidance is Unusable.TURNED


def test_a_face_not_yet_usable_is_measured_in_every_frame() -> None:
    scene = Scene([[Actor(300, vector(1), Unusable.TOO_FAR)]] * 5 + [[Actor(300, vector(1))]] * 2)
    assert play(scene)[5][0].verdict is Verdict.WAIT  # looked at in the first usable frame


def test_an_empty_scene_is_hardly_searched() -> None:
    scene = Scene([[]] * 30)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    for i in range(30):
        assert recogniser.process(replace(scene.frame(0), captured=i / 10)) == []
    assert len(scene.searched) == 6


def test_what_changes_in_an_empty_scene_is_searched_and_placed_rightly() -> None:
    class Anywhere(Scene):
        def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
            """A face where the image is bright."""
            rows, columns = np.nonzero(image[:, :, 0] > 200)
            if not len(rows):
                return []
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            return [Face(tuple(float(edge) for edge in box), 0.9)]  # type: ignore[arg-type]

    scene = Anywhere([[Actor(450, vector(1))]] * 2)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=lambda image, face: face)
    assert recogniser.process(scene.frame(0)) == []
    frame = scene.frame(1)
    frame.image[100:200, 400:500] = 255
    (seen,) = recogniser.process(frame)
    assert seen.face.box == (400, 100, 500, 200)


def test_a_face_lost_is_searched_everywhere_in_the_same_frame() -> None:
    scene = Scene([[Actor(100, vector(1))], [Actor(600, vector(1))]])
    assert len(play(scene)[1]) == 1
