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


def test_of_faces_that_come_and_go_by_the_hundred_the_newest_are_remembered() -> None:
    scene = Scene()
    for frame in range(50):
        at = NOW + frame / 15
        scene = scene.seen([replace(face(16 * frame + n), last_seen=at) for n in range(16)], at)
    assert set(scene.tracks) == {("main", n) for n in range(300, 800)}


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


def test_a_face_is_served_whatever_is_known_of_it() -> None:
    for one in (
        face(1, Verdict.UNKNOWN),
        face(1, Verdict.ATTACK),
        face(1, person=1, guidance=Unusable.TOO_FAR),  # known all the same
        replace(face(1, person=1), face=replace(face(1).face, quality=None)),
    ):
        assert next_to_serve(seen(one), {}, NOW, SETTINGS).key == ONE


def test_who_is_known_and_waits_is_found_behind_who_is_not() -> None:
    scene = seen(face(1, person=1, size=100), face(2, Verdict.WAIT, size=200))
    assert known_and_waiting(scene, {}, NOW, SETTINGS).key == ONE
    both = seen(face(1, person=1, size=100), face(2, person=2, size=200))
    assert known_and_waiting(both, {}, NOW, SETTINGS).key == TWO


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
        assert scene.get(ONE).again_from == (NOW + 5 if count == 1 else None), "not a third time"
    assert scene.unused(None, NOW) is scene


def test_whoever_entered_by_card_has_no_other_face_served() -> None:
    scene = seen(face(1, person=1), face(2, person=2), face(3, Verdict.WAIT, 1))
    after = scene.belong_to(1, True)
    assert {key for key, track in after.tracks.items() if track.answered} == {ONE}
    assert after.get(ONE).openings == 1


def test_a_face_without_a_candidate_and_one_served_already_are_left_as_they_are() -> None:
    scene = seen(face(1, person=1), face(2, Verdict.WAIT)).answered(ONE, True)
    after = scene.belong_to(1, True)
    assert after.get(ONE).openings == 1
    assert after.get(TWO).answered is None


def test_the_answer_for_a_face_that_is_gone_changes_nothing() -> None:
    scene = seen(face(1))
    assert scene.answered(None, True) is scene
    assert scene.answered(TWO, True) is scene


def test_whose_status_was_asked_for_is_kept_with_the_track() -> None:
    scene = seen(face(1, person=1), face(2)).asked(ONE, 1)
    assert (scene.get(ONE).asked, scene.get(TWO).asked) == (1, None)


def marked(scene: Scene, key: tuple[str, int] | None) -> set[tuple[str, int]]:
    """Who is answered once the other cameras' view of this face is."""
    after = scene.same_place(key, NOW, NOW + 5)
    before = {k for k, track in scene.tracks.items() if track.answered}
    new = {k for k, track in after.tracks.items() if track.answered} - before
    assert all(after.tracks[k] == scene.tracks[k] for k in scene.tracks.keys() - new)
    for k in new:
        assert after.get(k).again_from == NOW + 5
        assert after.get(k).openings == 0
    return new


def in_line(camera: str, *verdicts: Verdict) -> list[Sighting]:
    """Faces that stand one behind the other, the nearest first and with the highest number."""
    count = len(verdicts)
    return [
        face(count - n, verdict, camera=camera, size=300 - 50 * n)
        for n, verdict in enumerate(verdicts)
    ]


def test_other_cameras_see_this_face_in_the_same_place_of_the_line() -> None:
    here = in_line("main", Verdict.KNOWN, Verdict.UNKNOWN)
    there = in_line("side", Verdict.WAIT, Verdict.WAIT, Verdict.WAIT)
    scene = seen(*here, *there)
    assert marked(scene, TWO) == {("side", 3)}
    assert marked(scene, ONE) == {("side", 2)}
    served = in_line("side", Verdict.KNOWN, Verdict.WAIT)
    assert marked(seen(*here, *served).answered(("side", 2), True), ONE) == {("side", 1)}
    # a usable face is nearer than a larger one that is not
    blurred = replace(there[0], verdict=Verdict.UNUSABLE)
    assert marked(seen(*here, blurred, *there[1:]), TWO) == {("side", 2)}


def test_who_has_gone_has_no_place_in_the_line() -> None:
    here, there = in_line("main", Verdict.WAIT, Verdict.WAIT), in_line("side", Verdict.WAIT)
    gone = seen(*here, *there).seen([replace(one, last_seen=NOW + 1) for one in there], NOW + 1)
    assert gone.same_place(TWO, NOW + 1, NOW + 5) is gone, "not known whose place it is"
    old = seen(*there, at=NOW - 1).seen([replace(one, last_seen=NOW) for one in here], NOW)
    assert marked(old, TWO) == set()
    edge = seen(*there, at=NOW - 0.5).seen([replace(one, last_seen=NOW) for one in here], NOW)
    assert marked(edge, TWO) == {("side", 1)}


@pytest.mark.parametrize(
    ("verdict", "served", "expected"),
    [
        (Verdict.UNKNOWN, False, {("side", 1)}),
        (Verdict.KNOWN, False, set()),
        (Verdict.ATTACK, False, set()),
        (Verdict.UNKNOWN, True, set()),
    ],
)
def test_who_is_decided_or_served_there_is_not_answered_with_it(
    verdict: Verdict, served: bool, expected: set[tuple[str, int]]
) -> None:
    scene = seen(face(1, person=1), face(1, verdict, 2, camera="side"))
    if served:
        scene = scene.answered(("side", 1), False, NOW + 1)
    assert marked(scene, ONE) == expected


def test_a_card_belongs_to_the_nearest_whom_nobody_has_let_in() -> None:
    here = in_line("main", Verdict.KNOWN, Verdict.WAIT)
    there = in_line("side", Verdict.WAIT, Verdict.WAIT)
    scene = seen(*here, *there)
    assert marked(scene, None) == {("side", 2)}, "who is known at this camera is somebody"
    assert marked(scene.answered(TWO, True), None) == {ONE, ("side", 2)}


def test_somebody_larger_at_the_same_camera_is_in_front() -> None:
    small, large = face(1, size=100), face(2, size=150)
    assert seen(small, large).behind(ONE, NOW)
    assert not seen(small, large).behind(TWO, NOW)
    assert not seen(small).behind(ONE, NOW)
    assert not seen(large).behind(ONE, NOW)
    assert not seen(small, large).behind(None, NOW)
    assert not seen(small, replace(large, camera="side")).behind(ONE, NOW)
    assert not seen(small, face(2, size=110)).behind(ONE, NOW), "beside, not in front"
    gone = seen(small, large).seen([replace(small, last_seen=NOW + 1)], NOW + 1)
    assert not gone.behind(ONE, NOW + 1)


def test_only_known_people_who_were_not_answered_are_in_view() -> None:
    scene = seen(face(1, person=1), face(2, Verdict.WAIT, 2), face(3, person=3), face(4, person=4))
    scene = scene.answered(("main", 3), True)
    assert [track.key for track in known_in_view(scene, {4: NOW}, NOW)] == [ONE]
    assert known_in_view(scene, {}, NOW + 5) == []
    assert [track.key for track in known_in_view(seen(face(1)), {4: NOW}, NOW)] == [ONE]


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
    unsure = face(9, Verdict.WAIT, 1, camera="side")
    nobody = face(8, camera="side")
    assert known_elsewhere(seen(waiting, unsure), ONE, NOW) is None
    assert known_elsewhere(seen(waiting, nobody, other), ONE, NOW) == ("side", 9)
    gone = seen(other, at=NOW - 1).seen([replace(waiting, last_seen=NOW)], NOW)
    assert known_elsewhere(gone, ONE, NOW) is None


def gone(*faces: Sighting, at: float = NOW) -> Scene:
    return Scene().seen([replace(one, last_seen=at) for one in faces], at)


OPENED, CLOSED = NOW - 2, NOW + 4


def test_more_faces_that_vanished_than_were_granted_are_a_hint() -> None:
    assert tailgaters(gone(face(1, person=1), face(2, Verdict.WAIT)), 1, OPENED, CLOSED) == 1
    assert tailgaters(gone(face(1, person=1)), 1, OPENED, CLOSED) == 0
    assert tailgaters(gone(face(1, person=1)), 2, OPENED, CLOSED) == 0, "never below none"
    assert tailgaters(gone(face(1)), 0, OPENED, CLOSED) == 1, "known, and nobody's number"
    alike = gone(face(1, Verdict.WAIT, 1), face(2, Verdict.WAIT, 1))
    assert tailgaters(alike, 0, OPENED, CLOSED) == 2, "who only resembles somebody is not they"
    assert tailgaters(gone(face(1)), 0, NOW - 0.2, NOW + 0.2) == 1, "the door was open for moments"
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


JUST_NOW = 0.5  # seconds for which a face counts as in view
MOMENT = 0.125


def seen_before(one: Sighting, *others: Sighting, age: float) -> Scene:
    """One face as it was seen some time ago, the others now."""
    return seen(one, at=NOW - age).seen([replace(other, last_seen=NOW) for other in others], NOW)


@pytest.mark.parametrize(("age", "in_view"), [(JUST_NOW, True), (JUST_NOW + MOMENT, False)])
def test_the_last_moment_at_which_a_face_is_in_view(age: float, in_view: bool) -> None:
    known = face(1, person=1)
    alone = seen_before(known, age=age)
    assert (next_to_serve(alone, {}, NOW, SETTINGS) is not None) is in_view
    assert bool(known_in_view(alone, {}, NOW)) is in_view
    small, waiting = face(2, size=50), face(2, Verdict.WAIT, 1, camera="side")
    assert seen_before(known, small, age=age).behind(TWO, NOW) is in_view
    found = known_elsewhere(seen_before(known, waiting, age=age), ("side", 2), NOW)
    assert found == (ONE if in_view else None)
    unknown = face(1, Verdict.UNKNOWN)
    marked = seen_before(unknown, waiting, age=age).same_place(("side", 2), NOW, NOW + 4)
    assert (marked.get(ONE).answered is not None) is in_view


def test_how_rarely_and_how_late_a_face_is_seen() -> None:
    first = seen(face(1)).get(ONE)
    assert first is not None
    assert (first.gap, first.late) == (0.0, 0.0)
    rarely = Scene().seen([], NOW - 3).seen([face(1)], NOW).get(ONE)
    assert rarely is not None
    assert rarely.gap == 3.0
    soon = seen(face(1)).seen([replace(face(1), last_seen=NOW + 2)], NOW + 7).get(ONE)
    assert soon is not None
    assert soon.gap == 2.0
    assert soon.late > 0.0


@pytest.mark.parametrize(("age", "left"), [(1.5, False), (1.5 + MOMENT, True)])
def test_the_last_moment_at_which_a_face_has_not_left(age: float, left: bool) -> None:
    track = seen(face(1)).get(ONE)
    assert track is not None
    assert track.has_left(NOW + age, 1.5) is left


@pytest.mark.parametrize(("age", "kept"), [(60 - MOMENT, True), (60.0, False)])
def test_the_last_moment_at_which_a_face_is_remembered(age: float, kept: bool) -> None:
    assert bool(seen(face(1)).seen([], NOW + age).tracks) is kept


@pytest.mark.parametrize(("width", "expected"), [(13.0, True), (12.875, False)])
def test_how_much_larger_a_face_in_front_is(width: float, expected: bool) -> None:
    own = replace(face(1), face=replace(face(1).face, box=(0, 0, 10, 10)))
    other = replace(face(2), face=replace(face(2).face, box=(0, 0, width, 10)))
    assert seen(own, other).behind(ONE, NOW) is expected


def test_a_face_just_near_enough_is_served() -> None:
    near = SETTINGS.model_copy(update={"near": 40.0})
    assert next_to_serve(seen(face(1, size=80)), {}, NOW, near) is not None
    assert next_to_serve(seen(face(1, size=79.5)), {}, NOW, near) is None


@pytest.mark.parametrize(
    ("sighting", "at", "opened", "closed", "count"),
    [
        (replace(face(1), frames=3), NOW, OPENED, CLOSED, 1),
        (face(1), OPENED - JUST_NOW, OPENED, CLOSED, 1),
        (face(1), OPENED - JUST_NOW - MOMENT, OPENED, CLOSED, 0),
        (face(1), CLOSED - JUST_NOW - MOMENT, OPENED, CLOSED, 1),
        (face(1), CLOSED - JUST_NOW, OPENED, CLOSED, 0),
        # open for moments only: whoever was in view until then may have gone
        (face(1), NOW - MOMENT, NOW - 2 * JUST_NOW + MOMENT, NOW, 1),
        (face(1), NOW - MOMENT, NOW - 2 * JUST_NOW, NOW, 0),
        (face(1), NOW, NOW - 2 * JUST_NOW + MOMENT, NOW, 0),
    ],
)
def test_the_limits_within_which_a_face_vanished_through_the_door(
    sighting: Sighting, at: float, opened: float, closed: float, count: int
) -> None:
    assert tailgaters(gone(sighting, at=at), 0, opened, closed) == count


def test_just_enough_evidence_to_prepare_for_somebody() -> None:
    half = replace(face(1, Verdict.WAIT, 1, evidence=4.0), threshold=10.0)
    assert probable(half)
    assert not probable(replace(half, evidence=3.9))
