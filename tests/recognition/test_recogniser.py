"""What comes of people who walk up to the gate, frame by frame: evidence and verdicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gate.camera.source import Frame
from gate.errors import RecognitionError
from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.face import Image, Liveness, Sighting, Unusable, Verdict
from gate.recognition.recogniser import Recogniser
from gate.recognition.tracking import FORGET, Track
from tests.recognition.actors import (
    RATE,
    REGISTER,
    SETTINGS,
    Actor,
    Register,
    Scene,
    alone,
    mixed,
    play,
    vector,
    verdicts,
)


def test_a_resident_is_known_at_the_second_look() -> None:
    seen = play(alone([vector(1, 0.3, i) for i in range(5)]))
    assert verdicts(seen)[:2] == [Verdict.WAIT, Verdict.KNOWN]
    last = seen[-1][0]
    assert last.best is not None
    assert last.best.person == 1
    assert last.evidence >= last.threshold
    assert (last.encoder, last.fit, last.first_usable) == ("play/1", "v1", 0.0)


def test_ten_good_frames_of_a_resident_are_enough_where_one_is_not() -> None:
    views = [vector(1, 1.1, i) for i in range(40)]
    weak = [view for view in views if 0.6 < view @ vector(1) < 0.7][:10]
    assert len(weak) == 10
    assert all(REGISTER.llr(float(view @ vector(1))) < REGISTER.needed for view in weak)
    scene = alone(weak)
    scene.similarity = SimilarityStatistics(continues=0.1, apart=0.4)
    assert verdicts(play(scene))[-1] is Verdict.KNOWN


@pytest.mark.parametrize("when", range(1, 6))
def test_a_strangers_lucky_frame_does_not_open(when: int) -> None:
    impostor = mixed(50, 1, 0.45)
    lucky = mixed(50, 1, 0.8)
    frames = [lucky if i == when else impostor for i in range(30)]
    assert Verdict.KNOWN not in verdicts(play(alone(frames)))


def test_a_lucky_frame_at_the_start_does_not_open_either() -> None:
    frames = [mixed(50, 1, 0.8)] + [mixed(50, 1, 0.45)] * 29
    assert Verdict.KNOWN not in verdicts(play(alone(frames)))


def test_a_still_picture_held_for_long_is_worth_no_more_than_at_first() -> None:
    seen = play(alone([mixed(50, 1, 0.7)] * 100))
    evidence = [sightings[0].evidence for sightings in seen]
    assert evidence[-1] == pytest.approx(evidence[0])
    assert Verdict.KNOWN not in verdicts(seen)


def test_who_is_doubtful_is_looked_at_for_two_seconds_more_and_known_when_better() -> None:
    weak = [mixed(50, 1, 0.66)] * 12
    scene = alone(weak + [vector(1, 0.3, i) for i in range(6)])
    scene.similarity = SimilarityStatistics(continues=0.1, apart=0.4)
    quick = SETTINGS.model_copy(update={"patience": 0.5})
    recogniser = Recogniser(scene, scene, REGISTER, quick, assess=scene.assess)
    seen = [recogniser.process(scene.frame(i))[0] for i in range(len(scene.frames))]
    found = [sighting.verdict for sighting in seen]
    assert found[7] in (Verdict.DOUBTFUL, Verdict.UNKNOWN)
    assert seen[11].used > seen[7].used  # not a second later, as one who is known
    assert found[-1] is Verdict.KNOWN


def test_patience_ends_between_two_looks_too() -> None:
    scene = alone([mixed(50, 1, 0.66)] * 8)
    slow = SETTINGS.model_copy(update={"patience": 0.45, "interval": 0.3})
    recogniser = Recogniser(scene, scene, REGISTER, slow, assess=scene.assess)
    seen = [recogniser.process(scene.frame(i))[0] for i in range(len(scene.frames))]
    ended = next(i for i, s in enumerate(seen) if s.verdict is not Verdict.WAIT)
    assert seen[ended].used == seen[ended - 1].used == 2
    assert seen[ended].last_seen == pytest.approx(0.5)


def rarely(frames: list[list[Actor]], seconds: float) -> list[Sighting]:
    """The first sighting of each frame, on a machine that looks so rarely."""
    scene = Scene(frames)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    shown = [replace(scene.frame(i), captured=seconds * i) for i in range(len(frames))]
    return [recogniser.process(frame)[0] for frame in shown]


@pytest.mark.parametrize("seconds", [1.1, 2.0, 4.5])
def test_a_slow_machine_decides_at_the_second_look_too(seconds: float) -> None:
    resident = rarely([[Actor(300, vector(1, 0.3, i))] for i in range(3)], seconds)
    assert [s.verdict for s in resident] == [Verdict.WAIT, Verdict.KNOWN, Verdict.KNOWN]
    stranger = rarely([[Actor(300, vector(50, 0.3, i))] for i in range(3)], seconds)
    assert [s.verdict for s in stranger[1:]] == [Verdict.UNKNOWN] * 2


def test_who_took_the_place_between_two_rare_looks_is_not_taken_for_the_first() -> None:
    frames = [[Actor(300, vector(1))]] * 3 + [[Actor(300, vector(50))]] * 3
    seen = rarely(frames, 2.0)
    assert seen[2].verdict is Verdict.KNOWN
    assert Verdict.KNOWN not in {s.verdict for s in seen[3:]}
    turned = [[Actor(300, vector(50), Unusable.TURNED)]] * 2
    hidden = rarely([[Actor(300, vector(1))]] * 3 + turned, 1.5)
    assert [s.verdict for s in hidden[3:]] == [Verdict.UNUSABLE] * 2
    back = rarely([[Actor(300, vector(1))]] * 3 + turned + [[Actor(300, vector(1))]], 1.5)
    assert back[-1].verdict is Verdict.KNOWN


def test_a_stranger_is_unknown_in_bounded_time() -> None:
    seen = verdicts(play(alone([vector(50, 0.3, i) for i in range(30)])))
    assert Verdict.UNKNOWN in seen[:3]
    assert Verdict.KNOWN not in seen


def test_when_more_frames_will_not_help_a_card_is_asked_for() -> None:
    seen = verdicts(play(alone([mixed(50, 1, 0.62)] * 30)))
    assert seen[5] is Verdict.WAIT
    assert seen[25] is Verdict.DOUBTFUL


def test_two_who_look_alike_are_never_taken_for_each_other() -> None:
    twins = Register({1: vector(1), 2: mixed(60, 1, 0.97)})
    assert set(verdicts(play(alone([vector(1)] * 30), twins))) <= {Verdict.WAIT, Verdict.DOUBTFUL}


def test_people_who_change_places_take_no_evidence_along() -> None:
    # the resident walks off behind the impostor, who takes their place in the next frame
    frames = [[Actor(300, vector(1))]] * 5 + [[Actor(300, vector(50))]] * 20
    seen = play(Scene(frames))
    assert seen[4][0].verdict is Verdict.KNOWN
    changed = next(i for i in range(5, 25) if seen[i][0].track != seen[4][0].track)
    assert (changed - 5) / RATE <= SETTINGS.recheck + 0.2
    after = [sightings[0] for sightings in seen[changed:]]
    assert all(s.verdict is not Verdict.KNOWN for s in after)


def test_before_a_decision_a_changed_face_is_noticed_at_once() -> None:
    frames = [[Actor(300, vector(1))]] + [[Actor(300, vector(50))]] * 5
    assert Verdict.KNOWN not in verdicts(play(Scene(frames)))


def test_two_who_cross_are_each_known_as_themselves() -> None:
    frames = [
        [Actor(200 + 15 * i, vector(1, 0.2, i)), Actor(500 - 15 * i, vector(2, 0.2, i))]
        for i in range(20)
    ]
    frames = [pair if abs(pair[0].x - pair[1].x) > 40 else pair[:1] for pair in frames]
    for i, sightings in enumerate(play(Scene(frames))):
        people = {actor.box: 1 + k for k, actor in enumerate(frames[i])}
        for sighting in sightings:
            if sighting.verdict is Verdict.KNOWN and sighting.best is not None:
                assert sighting.best.person == people[sighting.face.box]


def test_two_cameras_do_not_mix() -> None:
    scene = Scene([[Actor(300, vector(1))], [Actor(300, vector(50))]] * 5)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    for i in range(10):
        camera = "in" if i % 2 == 0 else "out"
        (seen,) = recogniser.process(scene.frame(i, camera))
        assert seen.camera == camera
        assert (seen.verdict is Verdict.KNOWN) == (camera == "in" and i > 0)


def test_an_unusable_face_is_not_encoded_and_says_what_to_do() -> None:
    scene = Scene([[Actor(300, vector(1), Unusable.TOO_DARK)]] * 5)
    seen = play(scene)
    assert scene.encoded == 0
    assert set(verdicts(seen)) == {Verdict.UNUSABLE}
    assert seen[-1][0].guidance is Unusable.TOO_DARK
    assert seen[-1][0].first_usable is None


def test_a_second_person_is_seen_at_the_next_search() -> None:
    frames = [[Actor(100, vector(1))]] + [[Actor(100, vector(1)), Actor(600, vector(2))]] * 15
    seen = play(Scene(frames))
    assert [len(sightings) for sightings in seen[:7]] == [1, 1, 1, 1, 1, 2, 2]


def test_a_new_matcher_is_used_at_the_next_look() -> None:
    scene = alone([vector(1)] * 40)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    before = [recogniser.process(scene.frame(i))[0] for i in range(5)]
    recogniser.matcher = Register({2: vector(2), 3: vector(3)}, version="v2")
    after = [recogniser.process(scene.frame(i))[0] for i in range(5, 40)]
    assert before[-1].verdict is Verdict.KNOWN
    assert after[-1].verdict is Verdict.UNKNOWN
    assert after[-1].fit == "v2"


@pytest.mark.parametrize("unusable", [None, Unusable.TURNED])
def test_whose_face_is_gone_from_the_register_is_not_known_in_the_next_frame(
    unusable: Unusable | None,
) -> None:
    """Of each camera, whether or not the face can be looked at just then."""
    actors = [Actor(100, vector(1))] * 6 + [Actor(100, vector(1), unusable)]
    scene = Scene([[actor] for actor in actors])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    for i in range(6):
        for camera in ("main", "side"):
            (known,) = recogniser.process(scene.frame(i, camera))
    assert known.verdict is Verdict.KNOWN
    encoded = scene.encoded
    recogniser.matcher = Register({2: vector(2), 3: vector(3)}, version="v2")
    for camera in ("main", "side"):
        (sighting,) = recogniser.process(scene.frame(6, camera))
        assert sighting.verdict is not Verdict.KNOWN
        assert sighting.best is not None
        assert sighting.best.person != 1
        assert sighting.fit == "v2"
    assert scene.encoded - encoded <= 2  # from what was gathered


def test_a_gallery_of_another_encoder_is_refused() -> None:
    scene = alone([vector(1)])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    with pytest.raises(RecognitionError, match="enrolled with other/1"):
        recogniser.matcher = replace(REGISTER, encoder="other/1")
    assert recogniser.matcher is REGISTER


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((5, 5, 3), np.uint8),
        np.zeros((300, 700), np.uint8),
        np.zeros((300, 700, 4), np.uint8),
        np.zeros((300, 700, 3), np.float32),
    ],
)
def test_what_is_no_image_has_no_faces(image: Image) -> None:
    scene = alone([vector(1)])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    assert recogniser.process(Frame(image, 0.0, 0)) == []


def test_a_clock_that_stands_still_or_jumps_is_no_harm() -> None:
    scene = alone([vector(1)] * 6)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    for number, time in enumerate([5.0, 5.0, 5.0, 1e6, 2.0, 2.1]):
        (seen,) = recogniser.process(replace(scene.frame(number), captured=time))
        assert seen.last_seen == time


@pytest.mark.parametrize(
    ("seed", "claimed", "held"), [(2, 2, (2, True)), (2, 3, (3, False)), (9, 3, (3, False))]
)
def test_with_a_card_shown_the_face_is_verified_against_its_holder(
    seed: int, claimed: int, held: tuple[int, bool]
) -> None:
    scene = alone([vector(seed, 0.3, i) for i in range(6)])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    before = [recogniser.process(scene.frame(i))[0] for i in range(3)]
    assert {sighting.claimed for sighting in before} == {None}
    after = recogniser.process(scene.frame(3), claimed)[0]
    assert (after.claimed, after.claim_held) == held


def test_a_card_whose_holder_has_no_face_enrolled_verifies_nothing() -> None:
    scene = alone([vector(2, 0.3, i) for i in range(4)])
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    assert all(recogniser.process(scene.frame(i), 77)[0].claimed is None for i in range(4))


def test_a_resident_whose_first_frames_look_like_a_picture_is_known_once_they_do_not() -> None:
    said = iter([-0.2, -0.2, *([3.0] * 30)])
    heard: list[float] = []

    def watch(frame: Frame, track: Track) -> Liveness:
        heard.append(next(said))
        mean = float(np.mean(heard))
        return Liveness("model", mean, mean > 0)

    seen = play(alone([vector(1)] * 8), replace(REGISTER, needed=1.6), watch)
    assert verdicts(seen)[:2] == [Verdict.WAIT, Verdict.WAIT]
    assert seen[-1][0].verdict is Verdict.KNOWN
    # and who goes on looking so is never known, though nothing else speaks against them
    still = play(
        alone([vector(1)] * 40),
        replace(REGISTER, needed=1.6),
        lambda frame, track: Liveness("model", -0.2, False),
    )
    assert Verdict.KNOWN not in verdicts(still)
    assert still[-1][0].verdict is Verdict.DOUBTFUL


def test_somebody_masked_in_the_place_of_a_resident_does_not_stay_known() -> None:
    resident = [[Actor(300, vector(1, 0.1, i))] for i in range(12)]
    masked = [[Actor(300, vector(99, 0.1, i), Unusable.MASK)] for i in range(40)]
    scene = Scene(resident + masked)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    seen = [recogniser.process(scene.frame(i))[0] for i in range(12)]
    assert seen[-1].verdict is Verdict.KNOWN
    later = [recogniser.process(scene.frame(i), 1)[0] for i in range(12, 52)]
    forgotten = round((SETTINGS.recheck + FORGET) * RATE) + 1
    assert {s.verdict for s in later[forgotten:]} == {Verdict.UNUSABLE}
    assert not any(s.claim_held for s in later[forgotten:])
