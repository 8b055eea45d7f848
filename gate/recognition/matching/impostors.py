"""Every enrolled person is the impostor once, against the gallery of all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.recognition.matching.background import scores_around
from gate.recognition.matching.centroids import (
    Centroids,
    build_centroids,
    cohort_of,
    refitted_centroids,
    rows_of_people,
)
from gate.recognition.matching.extreme_value import SPARED
from gate.recognition.matching.gallery import Snapshot
from gate.recognition.matching.scoring import Scoring, highest, person_vectors, probe_cohort
from gate.recognition.matching.whitening import FEWEST, SHRINKAGE, Moments, no_whitening

FOLDS = 5
# beyond so many people two folds fit as well as five, so many impostors are enough, and the
# nearest under the fit of a fold are looked for among so many under the fit of all
MANY, FOLDS_OF_MANY, LISTED = 10_000, 2, 32
_CHUNK = 512
_SINGLES = 200  # scores against one person that are kept of each impostor


# An isolated best score is no impostor's: somebody is enrolled twice. Chance makes 3 in
# 1,000 gaps as wide (tails of 0.03 to 0.04), dlib's more; as few do no harm, since the highest
# are not fitted.
_ALONE, _MANY = 0.2, 0.015


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """What ``simulate`` found.

    Attributes:
        highest: float64 (i,), the score of each impostor's best person.
        taken_for: int64 (i,), who that was.
        singles: float64 (m,), scores of impostors and single other people.
    """

    highest: NDArray[np.float64]
    taken_for: NDArray[np.int64]
    singles: NDArray[np.float64]


def simulate(
    gallery: Snapshot,
    scoring: Scoring,
    *,
    shrinkage: float = SHRINKAGE,
    many: int = MANY,
    wide: Centroids | None = None,
) -> Impostors:
    """Scores of impostors like the people of ``gallery``, in the order of ``gallery.people``.

    Everybody is one up to ``many`` people; beyond, as many evenly chosen ones.

    Each is left out of the gallery and, with their fold, of the fit. The probe is their first
    template, as a gate sees one face at a time. Where so many people are enrolled twice that it
    would raise the thresholds (a table imported twice), these duplicates are skipped. The memory
    needed grows with the people, not with their pairs (``python -m benchmarks.learning``).

    Args:
        wide: of ``gallery`` under the fit of everybody, with ``LISTED`` people in each list; then
            a fold's nearest people are looked for in these lists, and not among all pairs.
    """
    count = len(gallery.people)
    folds = FOLDS if count <= many else FOLDS_OF_MANY
    chosen = np.zeros(count, np.bool_)
    chosen[np.linspace(0, count - 1, min(count, many)).round().astype(np.intp)] = True
    top, who = np.full((count, 2), -np.inf), np.full((count, 2), -1, np.int64)
    spare = np.full(count, -np.inf)  # best score with the double out as well
    singles: dict[bool, list[NDArray[np.float64]]] = {False: [], True: []}  # without doubles: True
    # by the number of the person, so that a person's fold never changes
    fold_of = gallery.people % folds
    # as at the gate: whether there is a fit is a matter of the whole gallery
    fewest = 2 if count >= FEWEST else FEWEST
    vectors = person_vectors(gallery.rows, gallery.starts)
    everybody = Moments.of(vectors)
    for fold in range(folds):
        held = np.flatnonzero(fold_of == fold)
        if not chosen[held].any():
            continue
        moments = everybody.without(Moments.of(vectors[held]))
        if moments.count < fewest:
            fit = no_whitening(gallery.encoder, vectors.shape[1])
        else:
            fit = moments.whitening(gallery.encoder, f"without {fold}", shrinkage)
        if wide is None:
            centroids = build_centroids(gallery, fit, scoring)
        else:
            centroids = refitted_centroids(wide, fit)
        listed = Listed(centroids)
        held = held[chosen[held]]
        for start in range(0, len(held), _CHUNK):
            rows = held[start : start + _CHUNK]
            scores = left_out_scores(centroids, listed, rows)
            best = highest(scores, 2)
            top[rows] = np.take_along_axis(scores, best, axis=1)
            who[rows] = gallery.people[best]
            singles[False].append(_some(scores))
            double = np.flatnonzero(_alone(top[rows]))
            if len(double):
                again = left_out_scores(centroids, listed, rows[double], best[double, 0])
                scores[double] = again
                second = again.argmax(axis=1)
                spare[rows[double]] = again[np.arange(len(double)), second]
                who[rows[double], 1] = gallery.people[second]
            singles[True].append(_some(scores))
    top, who, spare = top[chosen], who[chosen], spare[chosen]
    alone = _alone(top)
    if alone.sum() <= max(_MANY * len(top), SPARED):
        return Impostors(top[:, 0], who[:, 0], np.concatenate(singles[False]))
    place = alone.astype(np.intp)
    every = np.arange(len(top))
    score = np.where(alone, spare, top[:, 0])
    return Impostors(score, who[every, place], np.concatenate(singles[True]))


def _alone(top: NDArray[np.float64]) -> NDArray[np.bool_]:
    return top[:, 0] - top[:, 1] > _ALONE


def _some(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    finite = scores[np.isfinite(scores)]
    # a copy: a view would keep all the scores
    return finite[:: max(1, len(finite) // (_SINGLES * len(scores)))].astype(np.float64)


class Listed:
    """Who is in the lists of the nearest of whom: the lists of ``Centroids`` turned round."""

    def __init__(self, centroids: Centroids) -> None:
        people = centroids.gallery.people
        lists = centroids.near_people[:, : centroids.scoring.nearest]
        flat = lists.ravel()
        place = np.flatnonzero(flat >= 0)
        named = rows_of_people(people, flat[place])
        by_name = np.argsort(named, kind="stable")
        self._rows = (place // max(1, lists.shape[1]))[by_name]
        self._starts = np.searchsorted(named[by_name], np.arange(len(people) + 1))

    def of(self, row: int) -> NDArray[np.intp]:
        """The rows of the people who have the person of ``row`` in their lists: intp (n,)."""
        rows: NDArray[np.intp] = self._rows[self._starts[row] : self._starts[row + 1]]
        return rows


def left_out_scores(
    centroids: Centroids,
    listed: Listed,
    rows: NDArray[np.intp],
    doubles: NDArray[np.intp] | None = None,
) -> NDArray[np.float32]:
    """Scores of the first template of ``rows``' people with everybody, float32 (n, p).

    The person is out of the gallery: -inf at their own column, and gone from the cohorts of others.

    Args:
        doubles: for each of ``rows`` the row of somebody else who is out as well.
    """
    gallery, scoring = centroids.gallery, centroids.scoring
    probes = centroids.fit.apply(gallery.rows[gallery.starts[rows]])
    scores = probes @ centroids.vectors.T
    cohort_term, near_people = centroids.cohort_term, centroids.near_people[:, : scoring.nearest]
    scores -= scoring.weight * cohort_term
    out = rows[:, None] if doubles is None else np.stack([rows, doubles], axis=1)
    for line, gone in enumerate(out):
        has = np.unique(np.concatenate([listed.of(row) for row in gone.tolist()]))
        near = np.isin(near_people[has], gallery.people[gone])
        without = centroids.near[has].copy()
        without[:, : scoring.nearest][near] = -np.inf
        term = cohort_of(without, centroids.around[has], scoring.nearest)
        scores[line, has] += scoring.weight * (cohort_term[has] - term)
        scores[line, gone] = -np.inf
    best = highest(scores, min(scoring.nearest + 1, len(gallery.people) - out.shape[1]))
    around = scores_around(centroids.background, probes, scoring.weight)
    scores -= scoring.weight * probe_cohort(scores, best, scoring.nearest, around)[:, None]
    return scores


def subset(gallery: Snapshot, stay: NDArray[np.bool_]) -> Snapshot:
    """The gallery of some of its people.

    Args:
        stay: bool (p,), who stays, in the order of ``gallery.people``.
    """
    counts = gallery.counts[stay]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = gallery.rows[np.repeat(stay, gallery.counts)]
    return Snapshot(gallery.encoder, gallery.generation, rows, gallery.people[stay], starts)
