"""People who walk up to a camera of tests, and the frames in which they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gate.camera.source import Frame
from gate.errors import RecognitionError
from gate.recognition.encoders import AlignedCrops, SimilarityStatistics
from gate.recognition.face import Face, Image, Sighting, Unusable, Vector, Verdict
from gate.recognition.matching.matcher import Identification
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings

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
