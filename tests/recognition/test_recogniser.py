"""What comes of people who walk up to the gate, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from gate.camera.source import Frame
from gate.errors import RecognitionError
from gate.recognition.encoders import AlignedCrops, SimilarityStatistics
from gate.recognition.face import Face, Image, Liveness, Sighting, Unusable, Vector, Verdict
from gate.recognition.matching.matcher import Identification
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings
from gate.recognition.tracking import FORGET, Track

WIDTH = 64
RATE = 10.0  # frames a second
STATISTICS = SimilarityStatistics(continues=0.68, apart=0.69)
Box = tuple[float, float, float, float]


def vector(seed: int, noise: float = 0.0, frame: int = 0) -> Vector:
    """Somebody's face; with noise, another picture of it."""
    random = np.random.default_rng
    row = random(seed).normal(size=WIDTH)
    row /= np.linalg.norm(row)
    other = random((seed, frame)).normal(size=WIDTH)
    row = row + noise * other / np.linalg.norm(other)
    return np.asarray(row / np.linalg.norm(row), np.float32)


@dataclass(frozen=True)
class Actor:
    """Somebody in one frame: where, and what their face looks like there."""

    x: float
    face: Vector
    unusable: Unusable | None = None

    @property
    def box(self) -> Box:
        return (self.x - 50, 100.0, self.x + 50, 200.0)


@dataclass
class Scene:
    """Detector, quality and encoder of a play: who is where in which frame."""

    frames: Sequence[Sequence[Actor]]
    name: str = "play/1"
    dimension: int = WIDTH
    similarity: SimilarityStatistics = STATISTICS
    encoded: int = 0
    brief: list[bool] = field(default_factory=list)  # how each face was encoded
    searched: list[bool] = field(default_factory=list)  # whether the whole image was

    def frame(self, number: int, camera: str = "main", after: float = 0.0) -> Frame:
        image = np.full((300, 700, 3), number, np.uint8)
        return Frame(image, after + number / RATE, number, camera)

    def _actors(self, image: Image) -> Sequence[Actor]:
        return self.frames[int(image[0, 0, 0])]

    def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
        self.searched.append(regions is None)
        boxes = [actor.box for actor in self._actors(image)]
        if regions is not None:
            boxes = [b for b in boxes if any(r[0] - 50 < b[0] < r[2] for r in regions)]
        return [Face(box, 0.9) for box in boxes]

    def assess(self, image: Image, face: Face) -> Face:
        return replace(face, unusable=self._actor(image, face).unusable)

    def _actor(self, image: Image, face: Face) -> Actor:
        return next(actor for actor in self._actors(image) if actor.box == face.box)

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        self._shown = [self._actor(image, face).face for face in faces]
        return np.zeros((len(faces), 2, 2, 3), np.uint8)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        self.encoded += len(crops)
        self.brief += [brief] * len(crops)
        return np.stack(self._shown)


@dataclass
class Register:
    """A matcher whose score is the cosine and whose ratio is a straight line through 0.5."""

    faces: dict[int, Vector]
    encoder: str = "play/1"
    version: str = "v1"
    fpir: float = 0.001
    needed: float = 6.9  # nats at the threshold

    @property
    def calibration(self) -> Register:
        return self

    @property
    def people(self) -> int:
        return len(self.faces)

    def asked_of(self, people: int) -> float:
        assert people == len(self.faces)
        return self.fpir

    def threshold_at(self, fpir: float) -> float:
        return 0.5 + self.needed / 30

    def llr(self, score: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.clip(30 * (np.asarray(score) - 0.5), -8, 8)

    def identify(self, probes: Vector, encoder: str) -> Identification:
        numbers = np.array(list(self.faces))
        scores = probes @ np.stack(list(self.faces.values())).T
        order = np.argsort(-scores, axis=1)[:, :2]
        ranked = np.take_along_axis(scores, order, axis=1).astype(np.float32)
        people = numbers[order]
        return Identification(people[:, 0], ranked[:, 0], people[:, 1], ranked[:, 1])

    @property
    def verify_threshold(self) -> float:
        return 0.4

    def verify(self, probes: Vector, encoder: str, person: int) -> Vector:
        if person not in self.faces:
            raise RecognitionError("no face enrolled")
        return np.asarray(probes @ self.faces[person], np.float32)


SETTINGS = RecognitionSettings(interval=0.1, recheck=1.0, patience=2.0, search_busy=0.5)
REGISTER = Register({1: vector(1), 2: vector(2), 3: vector(3)})


def play(scene: Scene, register: Register = REGISTER, watch: object = None) -> list[list[Sighting]]:
    recogniser = Recogniser(
        scene,
        scene,
        register,
        SETTINGS,
        assess=scene.assess,
        watch=watch,  # type: ignore[arg-type]
    )
    return [recogniser.process(scene.frame(i)) for i in range(len(scene.frames))]


def verdicts(seen: list[list[Sighting]]) -> list[Verdict]:
    return [sighting.verdict for sightings in seen for sighting in sightings]


def alone(faces: Sequence[Vector]) -> Scene:
    """One person who stands still."""
    return Scene([[Actor(300, face)] for face in faces])


def mixed(seed: int, other: int, share: float) -> Vector:
    """An impostor who looks like somebody enrolled: the cosine is about ``share``."""
    row = share * vector(other) + (1 - share**2) ** 0.5 * vector(seed)
    return np.asarray(row / np.linalg.norm(row), np.float32)


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


def test_a_second_person_is_seen_at_the_next_search() -> None:
    frames = [[Actor(100, vector(1))]] + [[Actor(100, vector(1)), Actor(600, vector(2))]] * 15
    seen = play(Scene(frames))
    assert [len(sightings) for sightings in seen[:7]] == [1, 1, 1, 1, 1, 2, 2]


def test_a_picture_held_up_is_called_an_attack() -> None:
    def watch(frame: Frame, track: Track) -> Liveness:
        return Liveness("model", -6.0, False)

    seen = play(alone([vector(1)] * 5), watch=watch)
    assert Verdict.KNOWN not in verdicts(seen)
    assert seen[-1][0].verdict is Verdict.ATTACK


def watched(faces: list[Vector], score: float) -> tuple[list[float], list[Verdict]]:
    """When liveness was measured, and the verdicts."""
    times: list[float] = []

    def watch(frame: Frame, track: Track) -> Liveness:
        times.append(frame.captured)
        return Liveness("model", score, score > 0)

    return times, verdicts(play(alone(faces), watch=watch))


def test_liveness_of_a_stranger_is_measured_at_the_first_two_looks_only() -> None:
    times, found = watched([vector(50, 0.3, i) for i in range(50)], 1.0)
    assert len(times) == 2
    assert found[-1] is Verdict.UNKNOWN


def test_liveness_of_an_attack_is_measured_at_every_look() -> None:
    times, found = watched([vector(50, 0.3, i) for i in range(50)], -6.0)
    assert len(times) >= 4
    assert found[-1] is Verdict.ATTACK


@pytest.mark.parametrize(("score", "looks"), [(2.5, 5), (5.0, 2)])
def test_liveness_of_a_resident_is_measured_until_it_is_beyond_doubt(
    score: float, looks: int
) -> None:
    times, found = watched([vector(1, 0.2, i) for i in range(50)], score)
    assert min(len(times), 5) == looks
    assert found[-1] is Verdict.KNOWN


def test_a_frame_that_may_be_somebody_elses_is_no_evidence_of_life() -> None:
    faces = [vector(1, 0.2, i) for i in range(5)]
    times, _ = watched([faces[0], vector(60), *faces[1:3]], 1.0)
    assert times == pytest.approx([0.0, 0.2, 0.3])


def test_a_new_matcher_is_used_at_the_next_look() -> None:
    scene = alone([vector(1)] * 40)
    recogniser = Recogniser(scene, scene, REGISTER, SETTINGS, assess=scene.assess)
    before = [recogniser.process(scene.frame(i))[0] for i in range(5)]
    recogniser.matcher = Register({2: vector(2), 3: vector(3)}, version="v2")
    after = [recogniser.process(scene.frame(i))[0] for i in range(5, 40)]
    assert before[-1].verdict is Verdict.KNOWN
    assert after[-1].verdict is Verdict.UNKNOWN
    assert after[-1].fit == "v2"


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
