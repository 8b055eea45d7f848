"""Who is in view, who may still be served, and who left without a grant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.access.settings import PassageSettings
from gate.passage.scene import (
    Scene,
    known_and_waiting,
    known_elsewhere,
    known_in_view,
    next_to_serve,
    probable,
    tailgaters,
)
from gate.recognition.face import Sighting, Unusable, Verdict
from tests.passage.scene import face

SETTINGS = PassageSettings()
NOW = 100.0
ONE, TWO = ("main", 1), ("main", 2)


def seen(*faces: Sighting, at: float = NOW) -> Scene:
    return Scene().seen([replace(one, last_seen=at) for one in faces], at)


def test_the_newest_sighting_replaces_the_one_before_and_keeps_the_answer() -> None:
    scene = seen(face(1, Verdict.UNKNOWN)).answered(ONE, False)
    scene = scene.seen([replace(face(1, person=1), last_seen=NOW + 1)], NOW + 1)
    track = scene.get(ONE)
    assert track is not None
    assert track.sighting.verdict is Verdict.KNOWN
    assert track.answered is Verdict.UNKNOWN


def test_long_gone_tracks_are_forgotten() -> None:
    assert seen(face(1)).seen([], NOW + 3600).tracks == {}
    assert seen(face(1)).seen([], NOW + 0.5).tracks.keys() == {ONE}


def test_the_nearest_is_served_and_usable_ones_before_the_others() -> None:
    near, far = face(1, size=100), face(2, size=200)
    assert next_to_serve(seen(near, far), {}, NOW, SETTINGS).key == TWO
    blurred = replace(far, verdict=Verdict.UNUSABLE, guidance=Unusable.BLURRED)
    assert next_to_serve(seen(near, blurred), {}, NOW, SETTINGS).key == ONE


@pytest.mark.parametrize(
    ("scene", "recent", "settings"),
    [
        (seen(), {}, SETTINGS),
        (seen(face(1, person=1), at=NOW - 5), {}, SETTINGS),
        (seen(face(1, Verdict.WAIT, guidance=Unusable.TOO_FAR)), {}, SETTINGS),
        (seen(face(1, person=1, size=20)), {}, SETTINGS.model_copy(update={"near": 40.0})),
        (seen(face(1, person=1)), {1: NOW}, SETTINGS),
        (seen(face(1, person=1)).answered(ONE, True), {}, SETTINGS),
        (seen(face(1, Verdict.ATTACK)).answered(ONE, False), {}, SETTINGS),
        (seen(face(1, Verdict.UNKNOWN)).answered(ONE, False), {}, SETTINGS),
        (seen(face(1, person=1)).answered(ONE, True, NOW + 1), {}, SETTINGS),
    ],
    ids=[
        "nobody",
        "gone",
        "too far",
        "smaller than near",
        "just let in",
        "known and answered",
        "an attack that was answered",
        "unknown and answered",
        "not again yet",
    ],
)
def test_nobody_is_served(
    scene: Scene, recent: dict[int, float], settings: PassageSettings
) -> None:
    assert next_to_serve(scene, recent, NOW, settings) is None
    assert known_and_waiting(scene, recent, NOW, settings) is None


def test_served_again_when_the_time_has_come_or_more_is_known() -> None:
    answered = seen(face(1, person=1)).answered(ONE, True, NOW + 1)
    assert next_to_serve(answered.seen([replace(face(1, person=1), last_seen=NOW + 1)], NOW + 1),
                         {}, NOW + 1, SETTINGS)  # fmt: skip
    unknown = seen(face(1, Verdict.UNKNOWN)).answered(ONE, False)
    for verdict in (Verdict.KNOWN, Verdict.ATTACK):
        more = unknown.seen([replace(face(1, verdict, 1), last_seen=NOW)], NOW)
        assert next_to_serve(more, {}, NOW, SETTINGS) is not None
    # an attack in the place of somebody who is walking through is answered all the same
    assert next_to_serve(seen(face(1, Verdict.ATTACK, 1)), {1: NOW}, NOW, SETTINGS) is not None


def test_an_opening_nobody_used_counts_twice_at_most() -> None:
    scene = seen(face(1, person=1))
    for count in (1, 2):
        scene = scene.answered(ONE, True)
        assert scene.get(ONE).openings == count
        scene = scene.unused(ONE, NOW + 5)
    assert scene.get(ONE).again_from is None, "not a third time"
    assert scene.unused(None, NOW) is scene


def test_whoever_entered_by_card_has_no_other_face_served() -> None:
    scene = seen(face(1, person=1), face(2, person=2), face(3, Verdict.WAIT, 1))
    after = scene.belong_to(1, True)
    assert {key for key, track in after.tracks.items() if track.answered} == {ONE}
    assert after.get(ONE).openings == 1


def test_only_known_people_who_were_not_answered_are_in_view() -> None:
    scene = seen(face(1, person=1), face(2, Verdict.WAIT, 2), face(3, person=3), face(4, person=4))
    scene = scene.answered(("main", 3), True)
    assert [track.key for track in known_in_view(scene, {4: NOW}, NOW)] == [ONE]
    assert known_in_view(scene, {}, NOW + 5) == []


def test_another_camera_knows_whom_this_one_resembles() -> None:
    other = face(9, person=1, camera="side")
    for here, found in [
        (face(1, Verdict.WAIT, 1), ("side", 9)),
        (face(1, Verdict.WAIT, 2), None),
        (face(1, Verdict.WAIT), None),
        (face(1, Verdict.KNOWN, 1), None),
        (face(1, Verdict.ATTACK, 1), None),
    ]:
        assert known_elsewhere(seen(here, other), ONE, NOW) == found
    waiting = face(1, Verdict.WAIT, 1)
    assert known_elsewhere(seen(waiting, other).answered(("side", 9), True), ONE, NOW) is None
    assert known_elsewhere(seen(waiting, replace(other, camera="main")), ONE, NOW) is None
    assert known_elsewhere(seen(waiting, other), None, NOW) is None


def gone(*faces: Sighting, at: float = NOW) -> Scene:
    return Scene().seen([replace(one, last_seen=at) for one in faces], at)


OPENED, CLOSED = NOW - 2, NOW + 4


def test_more_faces_that_vanished_than_were_granted_are_a_hint() -> None:
    assert tailgaters(gone(face(1, person=1), face(2, Verdict.WAIT)), 1, OPENED, CLOSED) == 1
    assert tailgaters(gone(face(1, person=1)), 1, OPENED, CLOSED) == 0
    assert tailgaters(gone(face(1, person=1)), 2, OPENED, CLOSED) == 0, "never below none"
    # one person followed as two tracks, and two cameras that see the same people
    assert tailgaters(gone(face(1, person=1), face(2, person=1)), 1, OPENED, CLOSED) == 0
    both = gone(face(1, Verdict.WAIT), face(1, Verdict.WAIT, camera="side"))
    assert tailgaters(both, 1, OPENED, CLOSED) == 0


@pytest.mark.parametrize(
    ("scene", "opened", "closed"),
    [
        (gone(replace(face(1), frames=2)), OPENED, CLOSED),
        (gone(face(1, Verdict.WAIT, guidance=Unusable.TOO_FAR)), OPENED, CLOSED),
        (gone(face(1), at=OPENED - 3), OPENED, CLOSED),
        (gone(face(1), at=CLOSED), OPENED, CLOSED),
        (gone(face(1), at=CLOSED - 0.1), OPENED, CLOSED),
    ],
    ids=["two frames", "far away", "before", "after", "still there"],
)
def test_who_is_not_counted(scene: Scene, opened: float, closed: float) -> None:
    assert tailgaters(scene, 0, opened, closed) == 0


@pytest.mark.parametrize(
    ("sighting", "expected"),
    [
        (face(1, Verdict.WAIT), False),
        (face(1, Verdict.KNOWN, 1, evidence=-5), True),
        (face(1, Verdict.WAIT, 1, evidence=8.0), True),
        (face(1, Verdict.WAIT, 1, evidence=0.1), False),
        (face(1, Verdict.UNKNOWN, 1, evidence=8.0), False),
        (replace(face(1, Verdict.WAIT, 1, evidence=8.0), threshold=0.0), False),
    ],
)
def test_who_is_likely_enough_to_prepare_for(sighting: Sighting, expected: bool) -> None:
    assert probable(sighting) is expected
