"""From photographs of a person to stored templates, with every check on the way.

Used by the desk's camera, by uploads, by imports and by ``gate enroll``. The photographs
themselves are never kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from gate.errors import AccessError, RecognitionError, StoreError
from gate.recognition.detection.detector import Detector
from gate.recognition.encoders import Encoder, encode_faces
from gate.recognition.face import Face, Image, Template, Vector
from gate.recognition.matching.matcher import NOBODY, Matcher
from gate.recognition.matching.score_prior import prior_of
from gate.recognition.matching.scoring import unit
from gate.services import portrait
from gate.services.portrait import Found
from gate.store.store import Store

MOST = 5  # photographs kept of a person
_FAR_LARGER = 4.0  # times the area of any other face: then the others are in the background
_ALIKE_FPIR = 0.02  # share of impostors reported as look-alikes


class Fault(StrEnum):
    """Why a photograph cannot enrol, in addition to the values of ``Unusable``."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    OTHER_PERSON = "other_person"  # unlike the other photographs of the same enrolment session


@dataclass(frozen=True, slots=True)
class Shot:
    """What is made of one photograph.

    Attributes:
        face: where it is; None when there is none.
        fault: a ``Fault`` or ``Unusable`` value; "" when the photograph can enrol.
        vectors: encoder → float32 (d,), unit length; empty with a fault.
    """

    face: Face | None = None
    fault: str = ""
    vectors: Mapping[str, Vector] = field(default_factory=dict, repr=False)

    @property
    def quality(self) -> float:
        """0..1; 0.5 when it was not measured."""
        quality = self.face.quality if self.face else None
        return quality.overall if quality and quality.overall is not None else 0.5


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An enrolled person who resembles the new person.

    Attributes:
        same: as similar as photographs of one person: already enrolled, or a double.
    """

    person: int
    score: float
    same: bool


@dataclass(frozen=True, slots=True)
class TryOut:
    """Whether the gate would recognise the person from one photograph.

    Attributes:
        known: their score reaches the threshold and nobody's is higher.
        score, threshold: of the gate's own scale.
        other: who would be mistaken for them, if anyone.
    """

    known: bool
    score: float
    threshold: float
    other: int | None = None


class Examiner:
    """Finds, judges and encodes the face of a photograph. Any number of threads may use it.

    ``assess`` measures the quality of a face and sets why it is unusable.
    """

    def __init__(
        self,
        detector: Detector,
        encoders: Sequence[Encoder],
        assess: Callable[[Image, Face], Face] | None = None,
    ) -> None:
        self.encoders = tuple(encoders)
        self._detector = detector
        self._assess = assess or (lambda image, face: face)
        self._lock = threading.Lock()  # of the detector; encoders serve any number at a time

    def look(self, image: Image) -> Shot:
        """Where the one face is and what is wrong with it; not encoded."""
        faces = sorted(self._detect(image), key=lambda face: -face.area)
        if not faces:
            return Shot(fault=Fault.NO_FACE)
        if len(faces) > 1 and faces[0].area < _FAR_LARGER * faces[1].area:
            return Shot(faces[0], Fault.SEVERAL_FACES)
        face = self._assess(image, faces[0])
        return Shot(face, face.unusable.value if face.unusable else "")

    def encode(self, image: Image, seen: Shot) -> Shot:
        """What ``look`` saw in ``image``, encoded; unchanged when something is wrong."""
        if seen.fault or seen.face is None:
            return seen
        vectors = {
            encoder.name: encode_faces(encoder, image, [seen.face])[0].copy()
            for encoder in self.encoders
        }
        return Shot(seen.face, "", vectors)

    def find(self, image: Image) -> Found:
        """The faces of a photograph of any size, whichever way up it is."""
        return portrait.find(image, self._detect)

    def shot(self, image: Image, pick: int | None = None) -> Shot:
        """The face a photograph of any size is meant to show, judged and encoded.

        Args:
            pick: index of the face in ``find``, where a person chose it.
        """
        found = self.find(image)
        if not found.faces:
            return Shot(fault=Fault.NO_FACE)
        index = portrait.meant(found) if pick is None else pick
        if index is None or index >= len(found.faces):
            return Shot(found.faces[0], Fault.SEVERAL_FACES)
        cut, face = portrait.cut_out(found, index, self._detect)
        face = self._assess(cut, face)
        return self.encode(cut, Shot(face, face.unusable.value if face.unusable else ""))

    def _detect(self, image: Image) -> list[Face]:
        with self._lock:
            return self._detector.detect(image)


def of_one_person(shots: Sequence[Shot], encoder: str) -> list[Shot]:
    """``shots`` with those marked ``other_person`` that are not of the largest like-faced group.

    When no group is the largest all are marked: nobody can say which is wrong.
    """
    groups: list[list[int]] = []
    for index, shot in enumerate(shots):
        if shot.fault:
            continue
        mine = [
            group for group in groups if any(_like(shots[other], shot, encoder) for other in group)
        ]
        apart = [group for group in groups if group not in mine]
        groups = [*apart, [index, *(other for group in mine for other in group)]]
    groups.sort(key=len, reverse=True)
    undecided = len(groups) > 1 and len(groups[0]) == len(groups[1])
    stay = set() if undecided or not groups else set(groups[0])
    return [
        shot if shot.fault or index in stay else Shot(shot.face, Fault.OTHER_PERSON)
        for index, shot in enumerate(shots)
    ]


def _like(one: Shot, other: Shot, encoder: str) -> bool:
    return _rather_same(float(one.vectors[encoder] @ other.vectors[encoder]), encoder)


def _rather_same(cosine: float, encoder: str) -> bool:
    """Whether a plain cosine is likelier between photographs of one person than of two."""
    prior = prior_of(encoder)
    mate = _log_normal(cosine, prior.plain_mate, prior.plain_mate_spread)
    other = _log_normal(cosine, prior.plain_other, prior.plain_other_spread)
    return cosine >= prior.plain_mate or mate > other


def _log_normal(value: float, mean: float, spread: float) -> float:
    return -0.5 * ((value - mean) / spread) ** 2 - float(np.log(spread))


def resembling(
    shots: Sequence[Shot], matcher: Matcher, person: int | None = None
) -> list[LookAlike]:
    """Enrolled people who resemble these photographs, the most similar first.

    Args:
        person: who it is; their own templates do not count.
    """
    rows = [shot.vectors[matcher.encoder] for shot in shots if not shot.fault]
    if not rows or not matcher.people:
        return []
    probes = np.stack([*rows, unit(np.mean(rows, axis=0, keepdims=True))[0]])
    found = matcher.identify(probes, matcher.encoder)
    alike = matcher.calibration.threshold_at(_ALIKE_FPIR)
    best: dict[int, float] = {}
    for people, scores in ((found.best, found.score), (found.second, found.second_score)):
        for other, score in zip(people.tolist(), scores.tolist(), strict=True):
            if other not in (NOBODY, person) and score >= min(alike, matcher.calibration.threshold):
                best[other] = max(score, best.get(other, -np.inf))
    return sorted(
        (
            LookAlike(other, score, same=score >= matcher.calibration.threshold)
            for other, score in best.items()
        ),
        key=lambda look_alike: -look_alike.score,
    )


def try_out(shot: Shot, matcher: Matcher, person: int) -> TryOut:
    """Would the gate recognise the person from this one photograph? Raises RecognitionError."""
    if shot.fault:
        raise RecognitionError("there is no usable face in the picture", hint="look at the camera")
    found = matcher.identify(shot.vectors[matcher.encoder][None], matcher.encoder)
    best, score, threshold = (
        int(found.best[0]),
        float(found.score[0]),
        matcher.calibration.threshold,
    )
    if best == person:
        return TryOut(score >= threshold, score, threshold)
    own = float(matcher.verify(shot.vectors[matcher.encoder][None], matcher.encoder, person)[0])
    other = best if best != NOBODY and score >= threshold else None
    return TryOut(False, own, threshold, other)


def keep(store: Store, person: int, shots: Sequence[Shot]) -> int:
    """Store the templates of the best photographs in place of any older ones; returns how many.

    Raises AccessError without the person's consent, RecognitionError without a usable photograph.
    """
    _refuse_without_consent(store, person)
    row = store.people.get(person)
    if row is None or not row.active:
        raise AccessError(
            "this person has moved out",
            where=f"person {person}",
            hint="restore the person first",
        )
    good = sorted((shot for shot in shots if not shot.fault), key=lambda shot: -shot.quality)
    if not good:
        raise RecognitionError(
            "no photograph shows a usable face", where=f"person {person}", hint="take others"
        )
    kept = good[:MOST]
    for encoder in kept[0].vectors:
        templates = [Template(person, s.vectors[encoder], encoder, s.quality) for s in kept]
        try:
            store.templates.replace(person, encoder, templates)
        except StoreError:
            _refuse_without_consent(store, person)  # withdrawn meanwhile
            raise
    return len(kept)


def _refuse_without_consent(store: Store, person: int) -> None:
    consent = store.consents.answer(person)
    if consent is None or consent.answer != "agreed":
        raise AccessError(
            "this person has not consented to the use of their face",
            where=f"person {person}",
            hint="record the consent first, or give a card or permit instead",
        )
