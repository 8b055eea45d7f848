"""Who is it? The best and the second-best person for each probe, in one matrix product.

A ``Matcher`` is one immutable value: a gallery, a fit and a calibration that belong together. The
daemon swaps it as a whole, so no answer ever mixes an old gallery with a new fit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Vector
from gate.recognition.matching.background import nearest_in, scores_around
from gate.recognition.matching.calibration import Calibration
from gate.recognition.matching.centroids import (
    Centroids,
    build_centroids,
    cohort_of,
    updated_centroids,
)
from gate.recognition.matching.gallery import Snapshot
from gate.recognition.matching.scoring import Index, dot_products, highest, probe_cohort, unit
from gate.recognition.matching.whitening import Whitening

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """Answers for n probes.

    Attributes:
        best, second: int64 (n,), persons; ``NOBODY`` where the gallery has too few.
        score, second_score: float32 (n,); -inf where there is nobody.
    """

    best: NDArray[np.int64]
    score: Vector
    second: NDArray[np.int64]
    second_score: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """Gallery, whitening and calibration that belong together. Any number of threads may use it.

    Attributes:
        cohort_term: float32 (p,), each person's, already multiplied by the weight.
        version: of whitening and calibration, as ``Sighting.fit`` keeps them.
    """

    centroids: Centroids
    cohort_term: Vector
    calibration: Calibration
    version: str  # fit and calibration, as ``Sighting.fit`` keeps them

    @property
    def encoder(self) -> str:
        """The only encoder whose probes may be matched."""
        return self.centroids.gallery.encoder

    @property
    def people(self) -> int:
        """How many people are enrolled."""
        return len(self.centroids.gallery.people)

    def identify(self, probes: Vector, encoder: str) -> Identification:
        """The two best people for each probe.

        Args:
            probes: float32 (n, d), raw unit vectors of faces.
            encoder: what made them.

        Raises:
            RecognitionError: probes of another encoder than the gallery's.
        """
        adjusted, best, cohort_term = self._compare(probes, encoder)
        count = len(adjusted)
        people = np.full((count, 2), NOBODY, np.int64)
        scores = np.full((count, 2), -np.inf, np.float32)
        top = best[:, :2]
        people[:, : top.shape[1]] = self.centroids.gallery.people[top]
        scores[:, : top.shape[1]] = (
            np.take_along_axis(adjusted, top, axis=1)
            - self.centroids.scoring.weight * cohort_term[:, None]
        )
        return Identification(people[:, 0], scores[:, 0], people[:, 1], scores[:, 1])

    def verify(self, probes: Vector, encoder: str, person: int) -> Vector:
        """Scores of probes against one claimed person, float32 (n,).

        To be compared with ``calibration.verify_threshold``.

        Raises:
            RecognitionError: the person has no template, or probes of another encoder.
        """
        column = np.flatnonzero(self.centroids.gallery.people == person)
        if not len(column):
            raise RecognitionError(
                "the claimed person has no face enrolled with this encoder",
                where=f"person {person}",
                hint="enrol the person's face, or let them pass by card and PIN",
            )
        adjusted, _, cohort_term = self._compare(probes, encoder)
        scores: Vector = adjusted[:, column[0]] - self.centroids.scoring.weight * cohort_term
        return scores

    def compare(self, templates: Vector, probes: Vector, without: int | None = None) -> Vector:
        """Scores of probes against somebody with these templates, enrolled or not, float32 (n,).

        To be compared with ``calibration.verify_threshold``, as those of ``verify``.

        Args:
            templates: float32 (m, d), raw unit vectors of one person.
            probes: float32 (n, d).
            without: that person's number, if they are enrolled: no cohort counts them.
        """
        scoring = self.centroids.scoring
        people = self.centroids.gallery.people
        others = self.centroids.vectors[people != without]
        own = self._centroid(templates)
        term = float(self._terms(own, own @ others.T)[0])
        fitted = self.centroids.fit.apply(np.asarray(probes, np.float32))
        adjusted = np.concatenate(
            [
                fitted @ others.T - self.cohort_term[people != without],
                fitted @ own.T - scoring.weight * term,
            ],
            axis=1,
        )
        best = highest(adjusted, scoring.nearest + 1)
        around = scores_around(self.centroids.background, fitted, scoring.weight)
        scores: Vector = adjusted[:, -1] - scoring.weight * probe_cohort(
            adjusted, best, scoring.nearest, around
        )
        return scores

    def pairwise(self, vectors: Vector) -> Vector:
        """The score of each face against somebody with one other as template, float32 (n, n).

        Line i has every face against ``vectors[i]``, as ``compare`` gives it.

        Args:
            vectors: float32 (n, d), raw, unit length, of people who are not enrolled.
        """
        scoring = self.centroids.scoring
        fitted = self.centroids.fit.apply(np.asarray(vectors, np.float32))
        others = fitted @ self.centroids.vectors.T
        term = self._terms(fitted, others)
        others -= self.cohort_term
        best = np.take_along_axis(others, highest(others, scoring.nearest + 1), axis=1)
        adjusted: Vector = fitted @ fitted.T - scoring.weight * term[:, None]
        # whoever is nearest to a face is not of its cohort, be it this template or somebody else
        all_best = np.broadcast_to(best, (len(fitted), *best.shape))
        union = -np.sort(-np.concatenate([all_best, adjusted[:, :, None]], axis=2), axis=2)
        around = scores_around(self.centroids.background, fitted, scoring.weight)
        around = np.take_along_axis(around, highest(around, scoring.nearest), axis=1)
        around = np.broadcast_to(around, (*union.shape[:2], around.shape[1]))
        cohort = np.concatenate([union[:, :, 1:], around], axis=2)
        cohort = -np.sort(-cohort, axis=2)[:, :, : scoring.nearest]
        mean = cohort.mean(axis=2) if cohort.shape[2] else np.zeros_like(adjusted)
        scores: Vector = adjusted - scoring.weight * mean
        return scores

    def nearest_other(self, templates: Vector, person: int) -> float:
        """Highest cosine of somebody and anybody but ``person``; -1 where there is nobody.

        Args:
            templates: float32 (m, d), raw unit vectors of the person.
        """
        others = self.centroids.vectors[self.centroids.gallery.people != person]
        return float((others @ self._centroid(templates)[0]).max(initial=-1.0))

    def _centroid(self, templates: Vector) -> Vector:
        """The unit mean of fitted templates, float32 (1, d)."""
        fitted = self.centroids.fit.apply(np.asarray(templates, np.float32))
        return unit(fitted.mean(axis=0, keepdims=True))

    def _terms(self, vectors: Vector, cosines: Vector) -> Vector:
        """Cohort terms of fitted vectors by their cosines with others, float32 (n, p): (n,)."""
        nearest = self.centroids.scoring.nearest
        near = np.take_along_axis(cosines, highest(cosines, nearest), axis=1)
        return cohort_of(near, nearest_in(self.centroids.background, vectors, nearest), nearest)

    def _compare(self, probes: Vector, encoder: str) -> tuple[Vector, Index, Vector]:
        """Scores but for the terms of the probes, the best of each, and the terms of the probes."""
        if encoder != self.encoder:
            raise RecognitionError(
                f"the face was encoded by {encoder!r}, the gallery by {self.encoder!r}",
                hint="set the encoder the gallery was enrolled with, or enrol people again",
            )
        centroids, scoring = self.centroids, self.centroids.scoring
        fitted = centroids.fit.apply(np.asarray(probes, np.float32))
        adjusted = dot_products(fitted, centroids.vectors)
        adjusted -= self.cohort_term
        best = highest(adjusted, scoring.nearest + 1)
        around = scores_around(centroids.background, fitted, scoring.weight)
        return adjusted, best, probe_cohort(adjusted, best, scoring.nearest, around)


def build_matcher(
    gallery: Snapshot,
    fit: Whitening,
    calibration: Calibration,
    before: Matcher | None = None,
    changed: Collection[int] | None = None,
) -> Matcher:
    """A matcher from its parts.

    Args:
        before: a matcher of the same fit and calibration: only what changed since is computed.
            The answers are the same with and without it.
        changed: everybody who changed since ``before``; None: compare all.

    Raises:
        RecognitionError: the parts are not of the same encoder, or not made for each other.
    """
    for part, encoder in (("fit", fit.encoder), ("calibration", calibration.encoder)):
        if encoder != gallery.encoder:
            raise RecognitionError(
                f"the {part} is for the encoder {encoder!r}, the gallery for {gallery.encoder!r}",
                hint="run `gate calibrate` for the encoder in use",
            )
    if calibration.fit != fit.version:
        raise RecognitionError(
            f"the calibration was made for the fit {calibration.fit!r}, not {fit.version!r}",
            hint="run `gate calibrate`",
        )
    scoring = calibration.scoring
    if before is not None and (before.centroids.fit, before.centroids.scoring) == (fit, scoring):
        centroids = updated_centroids(before.centroids, gallery, changed)
    else:
        centroids = build_centroids(gallery, fit, scoring)
    return matcher_of(centroids, calibration)


def matcher_of(centroids: Centroids, calibration: Calibration) -> Matcher:
    """A matcher from centroids whose fit and scoring are the calibration's."""
    version = f"{centroids.fit.version}/{calibration.version}"
    term = calibration.scoring.weight * centroids.cohort_term
    return Matcher(centroids, term, calibration, version)
