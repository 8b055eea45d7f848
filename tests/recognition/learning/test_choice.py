"""Whose face belongs to a card: one that is alone, live and was looked at long enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gate.recognition.face import Face, Liveness, Sighting, Unusable, Verdict
from gate.recognition.learning.choice import face_at

A = np.eye(4, dtype=np.float32)[0]
B = np.eye(4, dtype=np.float32)[1]
SHOWN = 100.0


def sighting(at: float = SHOWN, track: int = 1, camera: str = "front", **changes) -> Sighting:
    fields = {
        "track": track,
        "camera": camera,
        "first_seen": 90.0,
        "last_seen": at,
        "frame": 1,
        "face": Face((0, 0, 100, 120), 0.9),
        "frames": 5,
        "used": 3,
        "verdict": Verdict.UNKNOWN,
        "liveness": Liveness("net", 5.0, True),
        "probe": A,
    }
    return Sighting(**(fields | changes))


def test_one_live_face_is_theirs():
    one = sighting()
    assert face_at([one], SHOWN, 0.5) is one


@pytest.mark.parametrize(
    "changes",
    [
        {"liveness": Liveness("net", -5.0, False)},
        {"liveness": Liveness("off")},
        {"used": 1},
        {"verdict": Verdict.UNUSABLE},
        {"verdict": Verdict.ATTACK},
        {"face": Face((0, 0, 100, 120), 0.9, unusable=Unusable.BLURRED)},
        {"probe": None},
        {"last_seen": SHOWN - 3},
        {"last_seen": SHOWN + 3},
    ],
)
def test_of_others_nothing_is_learnt(changes):
    assert face_at([sighting(**changes)], SHOWN, 0.5) is None


def test_two_faces_leave_it_open_whose_card_it_was():
    assert face_at([sighting(), sighting(SHOWN + 1, track=2)], SHOWN, 0.5) is None
    poor = sighting(SHOWN + 1, track=2, verdict=Verdict.UNUSABLE)
    assert face_at([sighting(), poor], SHOWN, 0.5) is None


def test_somebody_who_had_gone_does_not_count():
    one = sighting()
    assert face_at([sighting(SHOWN - 5, track=2), one], SHOWN, 0.5) is one


def test_a_picture_held_up_before_the_face_stops_it():
    held = sighting(SHOWN - 1, verdict=Verdict.ATTACK)
    assert face_at([held, sighting()], SHOWN, 0.5) is None


def test_two_cameras_must_see_the_same_person():
    large = sighting(face=Face((0, 0, 200, 240), 0.9))
    assert face_at([sighting(camera="side"), large], SHOWN, 0.5) is large
    assert face_at([sighting(camera="side", probe=B), large], SHOWN, 0.5) is None
    assert face_at([sighting(camera="side", probe=None), large], SHOWN, 0.5) is None


def test_the_largest_good_look_of_the_track_is_taken():
    near = sighting(SHOWN - 0.5, face=Face((0, 0, 200, 240), 0.9))
    blurred = replace(
        sighting(SHOWN + 0.5), face=Face((0, 0, 300, 300), 0.9, unusable=Unusable.BLURRED)
    )
    assert face_at([sighting(SHOWN - 1), near, blurred], SHOWN, 0.5) is near
