"""The people of a gallery as they are matched: whitened vectors and what each shares with the rest.

They are a function of (gallery, fit, scoring) alone: adding people one by one gives the same
as building it at once. ``updated_centroids`` only saves work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Vector
from gate.recognition.matching.gallery import Block, Snapshot
from gate.recognition.matching.scoring import Index, Scoring, highest, person_vectors
from gate.recognition.matching.whitening import Whitening

_CHUNK = 512


@dataclass(frozen=True, slots=True, eq=False)
class Centroids:
    """The people of one gallery as they are matched.

    Attributes:
        gallery: the snapshot this was made of.
        fit: the whitening that was applied.
        scoring: settings of the score.
        vectors: float32 (p, d), one unit vector per person, in the order of ``gallery.people``.
        near: float32 (p, k + 1), the highest cosines with other people, best first; -inf where
            there are fewer people.
        near_people: int64 (p, k + 1), who they are; -1 where nobody.
    """

    gallery: Snapshot
    fit: Whitening
    scoring: Scoring
    vectors: Vector
    near: Vector
    near_people: NDArray[np.int64]

    @property
    def cohort_term(self) -> Vector:
        """What each person has in common with the nearest others, float32 (p,)."""
        return mean_of_near(self.near[:, : self.scoring.nearest])


def mean_of_near(near: Vector) -> Vector:
    """Mean over the finite values of each row, (n, k) to (n,); 0 where there is none."""
    there = np.isfinite(near)
    total = np.where(there, near, 0.0).sum(axis=1)
    mean: Vector = (total / np.maximum(there.sum(axis=1), 1)).astype(np.float32)
    return mean


def build_centroids(gallery: Snapshot, fit: Whitening, scoring: Scoring) -> Centroids:
    """Everything from the beginning: about 0.7 s for 7,000 people on one core."""
    count, width = len(gallery.people), gallery.rows.shape[1]
    block = Block(count, width)
    vectors = block.rows()
    vectors[:] = person_vectors(fit.apply(gallery.rows), gallery.starts)
    vectors.flags.writeable = False
    keep = scoring.nearest + 1
    near = np.full((count, keep), -np.inf, np.float32)
    near_people = np.full((count, keep), -1, np.int64)
    for start in range(0, count, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, count))
        _fill(near, near_people, rows, vectors, gallery.people)
    return Centroids(gallery, fit, scoring, vectors, near, near_people)


def updated_centroids(before: Centroids, gallery: Snapshot) -> Centroids:
    """``build_centroids`` for a changed gallery, taking what has not changed from ``before``."""
    old, new = before.gallery, gallery
    where = {person: row for row, person in enumerate(old.people.tolist())}
    same = np.full(len(new.people), -1, np.intp)
    for row, person in enumerate(new.people.tolist()):
        known = where.get(person)
        if known is not None and np.array_equal(_rows(old, known), _rows(new, row)):
            same[row] = known
    fresh = np.flatnonzero(same < 0)
    kept = np.flatnonzero(same >= 0)
    block = Block(len(new.people), new.rows.shape[1])
    vectors = block.rows()
    vectors[kept] = before.vectors[same[kept]]
    for row in fresh.tolist():
        fitted = before.fit.apply(_rows(new, row))
        vectors[row] = person_vectors(fitted, np.array([0, len(fitted)]))[0]
    vectors.flags.writeable = False
    keep = before.near.shape[1]
    near = np.full((len(new.people), keep), -np.inf, np.float32)
    near_people = np.full((len(new.people), keep), -1, np.int64)
    near[kept], near_people[kept] = before.near[same[kept]], before.near_people[same[kept]]
    gone = np.setdiff1d(old.people, new.people[kept])
    lost = kept[np.isin(near_people[kept], gone).any(axis=1)]
    redo = np.concatenate([fresh, lost])
    _fill(near, near_people, redo, vectors, new.people)
    rest = np.setdiff1d(kept, lost)
    if len(fresh) and len(rest):
        more = vectors[rest] @ vectors[fresh].T
        values = np.concatenate([near[rest], more], axis=1)
        persons = np.concatenate(
            [near_people[rest], np.broadcast_to(new.people[fresh], more.shape)], axis=1
        )
        columns = highest(values, keep)
        near[rest] = np.take_along_axis(values, columns, axis=1)
        near_people[rest] = np.take_along_axis(persons, columns, axis=1)
    return Centroids(gallery, before.fit, before.scoring, vectors, near, near_people)


def _rows(gallery: Snapshot, row: int) -> Vector:
    return gallery.rows[gallery.starts[row] : gallery.starts[row + 1]]


def _fill(
    near: Vector,
    near_people: NDArray[np.int64],
    rows: Index,
    vectors: Vector,
    people: NDArray[np.int64],
) -> None:
    """Set the lists of ``rows`` to the nearest other people."""
    cosines = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -np.inf
    columns = highest(cosines, min(near.shape[1], max(len(people) - 1, 0)))
    found = columns.shape[1]
    near[rows, found:], near_people[rows, found:] = -np.inf, -1
    near[rows, :found] = np.take_along_axis(cosines, columns, axis=1)
    near_people[rows, :found] = people[columns]
