"""The people of a gallery as they are matched: whitened vectors and what each shares with the rest.

They are a function of (gallery, fit, scoring) alone: adding people one by one gives the same
as building it at once. ``updated_centroids`` only saves work.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Vector
from gate.recognition.matching.background import Background, build_background, nearest_in
from gate.recognition.matching.gallery import Block, Snapshot, copy_runs
from gate.recognition.matching.scoring import Index, Scoring, highest, person_vectors
from gate.recognition.matching.whitening import Whitening

_CHUNK = 512
_LISTED = 64  # people whose whole lists are compared at a time


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
        background: generated faces under the fit, which are in cohorts beside the people.
        around: float32 (p, k or none), the highest cosines with them, best first.
    """

    gallery: Snapshot
    fit: Whitening
    scoring: Scoring
    vectors: Vector
    near: Vector
    near_people: NDArray[np.int64]
    background: Background
    around: Vector

    @property
    def cohort_term(self) -> Vector:
        """What each person has in common with the nearest others, float32 (p,)."""
        return cohort_of(self.near, self.around, self.scoring.nearest)


def cohort_of(near: Vector, around: Vector, nearest: int) -> Vector:
    """Cohort terms, float32 (p,), from the highest cosines with people and generated faces.

    Args:
        near, around: float32 (p, any); -inf where there are fewer people.
    """
    both = np.concatenate([near, around], axis=1) if around.shape[1] else near
    return mean_of_near(-np.sort(-both, axis=1)[:, :nearest])


def mean_of_near(near: Vector) -> Vector:
    """Mean over the finite values of each row, float32 (n, k) to (n,); 0 where there is none."""
    there = np.isfinite(near)
    total = np.where(there, near, 0.0).sum(axis=1)
    mean: Vector = (total / np.maximum(there.sum(axis=1), 1)).astype(np.float32)
    return mean


def build_centroids(
    gallery: Snapshot, fit: Whitening, scoring: Scoring, *, keep: int = 0
) -> Centroids:
    """Everything from the beginning; ``python -m benchmarks.learning`` measures it.

    Args:
        keep: how many of the nearest other people are listed, if more than ``scoring`` needs.
    """
    vectors = fitted_vectors(gallery, fit)
    near, columns = nearest(vectors, max(keep, scoring.nearest + 1))
    return _centroids(gallery, fit, scoring, vectors, near, columns)


def refitted_centroids(wide: Centroids, fit: Whitening) -> Centroids:
    """``build_centroids`` under another fit, in which the nearest are looked for in wide lists.

    For a fit that differs little, such as one without a part of the people: whoever is nearest
    under it is in the longer list under the other. The work grows with the people, not with
    their pairs.

    Args:
        wide: of the same people, built with a ``keep`` several times ``scoring.nearest``.
    """
    gallery, scoring = wide.gallery, wide.scoring
    vectors = fitted_vectors(gallery, fit)
    count, keep = len(vectors), scoring.nearest + 1
    listed = rows_of_people(gallery.people, wide.near_people)
    near = np.full((count, keep), -np.inf, np.float32)
    columns = np.full((count, keep), -1, np.int64)
    for start in range(0, count, _LISTED):
        rows = np.arange(start, min(start + _LISTED, count))
        cosines = (vectors[listed[rows]] @ vectors[rows][:, :, None])[:, :, 0]
        cosines[listed[rows] < 0] = -np.inf
        _merge(near, columns, rows, cosines, listed[rows])
    return _centroids(gallery, fit, scoring, vectors, near, columns)


def narrow_centroids(wide: Centroids) -> Centroids:
    """What ``build_centroids`` gives without ``keep``, of the same vectors."""
    keep = wide.scoring.nearest + 1
    return replace(
        wide, near=wide.near[:, :keep].copy(), near_people=wide.near_people[:, :keep].copy()
    )


def rows_of_people(people: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the people of these numbers are among ``people`` (p,), int64 (any); -1 for -1."""
    order = np.argsort(people, kind="stable")
    found = np.searchsorted(people, numbers, sorter=order)
    return np.where(numbers < 0, -1, order[np.minimum(found, max(len(order) - 1, 0))])


def fitted_vectors(gallery: Snapshot, fit: Whitening) -> Vector:
    """One fitted unit vector a person, float32 (p, d), read-only."""
    count, width = len(gallery.people), gallery.rows.shape[1]
    vectors = Block(count, width).rows()
    for start in range(0, count, _CHUNK):
        starts = gallery.starts[start : start + _CHUNK + 1]
        fitted = fit.apply(gallery.rows[starts[0] : starts[-1]])
        vectors[start : start + _CHUNK] = person_vectors(fitted, starts - starts[0])
    vectors.flags.writeable = False
    return vectors


def _centroids(
    gallery: Snapshot,
    fit: Whitening,
    scoring: Scoring,
    vectors: Vector,
    near: Vector,
    columns: NDArray[np.int64],
) -> Centroids:
    near_people = np.where(columns < 0, -1, gallery.people[columns]) if len(vectors) else columns
    background = build_background(gallery.encoder, fit, scoring.background, scoring.nearest)
    around = np.empty((len(vectors), min(scoring.nearest, len(background.vectors))), np.float32)
    for start in range(0, len(vectors), _CHUNK):
        rows = slice(start, start + _CHUNK)
        around[rows] = nearest_in(background, vectors[rows], scoring.nearest)
    return Centroids(gallery, fit, scoring, vectors, near, near_people, background, around)


def nearest(vectors: Vector, keep: int) -> tuple[Vector, NDArray[np.int64]]:
    """The highest cosines of each row with others, and whose they are.

    Each pair is multiplied once. The cosines of a strip of rows with everybody behind count for
    both, and once everybody has some, only those above one's lowest so far; that is soon few.

    Args:
        vectors: float32 (p, d), unit rows.

    Returns:
        float32 (p, keep) best first and int64 (p, keep); -inf and -1 where there are fewer.
    """
    count = len(vectors)
    near = np.full((count, keep), -np.inf, np.float32)
    columns = np.full((count, keep), -1, np.int64)
    for start in range(0, count, _CHUNK):
        stop = min(start + _CHUNK, count)
        cosines = vectors[start:stop] @ vectors[start:].T
        strip = np.arange(stop - start)
        cosines[strip, strip] = -np.inf
        behind = cosines[:, stop - start :]
        if start == 0:  # nobody has anything yet
            best, values = _highest(cosines, keep)
            _merge(near, columns, strip, values, best)
            if behind.shape[1]:
                best, values = _highest(np.ascontiguousarray(behind.T), keep)
                _merge(near, columns, np.arange(stop, count), values, best)
            continue
        row, column = _where(cosines > near[start:stop, -1:])
        _take(near, columns, row + start, column + start, cosines[row, column])
        row, column = _where(behind > near[stop:, -1])
        _take(near, columns, column + stop, row + start, behind[row, column])
    columns[np.isneginf(near)] = -1
    return near, columns


def _highest(cosines: Vector, keep: int) -> tuple[Index, Vector]:
    """Columns and values of the ``keep`` highest of each row, best first."""
    best = highest(cosines, keep)
    return best, np.take_along_axis(cosines, best, axis=1)


def _where(mask: NDArray[np.bool_]) -> tuple[Index, Index]:
    """Rows and columns of the few that are true: ``np.nonzero``, at half the cost."""
    row, column = np.divmod(np.flatnonzero(mask), max(mask.shape[1], 1))
    return row, column


def _take(
    near: Vector, columns: NDArray[np.int64], whose: Index, found: Index, values: Vector
) -> None:
    """Take single candidates into the lists: ``found`` (n,) into the lists of ``whose`` (n,)."""
    if len(whose):
        _merge(near, columns, *_grouped(whose, found, values, near.shape[1]))


def _grouped(
    group: Index, member: Index, value: Vector, keep: int
) -> tuple[Index, Vector, NDArray[np.int64]]:
    """The ``keep`` highest values of each group, as rows: groups (g,), values and members."""
    order = np.lexsort((-value, group))
    group, member, value = group[order], member[order], value[order]
    begins = np.diff(group, prepend=-1) > 0
    first, line = np.flatnonzero(begins), np.cumsum(begins) - 1
    rank = np.arange(len(group)) - first[line]
    high = rank < keep
    values = np.full((len(first), keep), -np.inf, np.float32)
    members = np.full((len(first), keep), -1, np.int64)
    values[line[high], rank[high]] = value[high]
    members[line[high], rank[high]] = member[high]
    return group[first], values, members


def _merge(
    near: Vector,
    columns: NDArray[np.int64],
    rows: Index,
    values: Vector,
    found: NDArray[np.int64],
) -> None:
    """Take more candidates into the lists of ``rows``; both (n, any)."""
    keep = near.shape[1]
    values = np.concatenate([near[rows], values], axis=1)
    found = np.concatenate([columns[rows], found], axis=1)
    best = np.argsort(-values, axis=1, kind="stable")[:, :keep]
    near[rows] = np.take_along_axis(values, best, axis=1)
    columns[rows] = np.take_along_axis(found, best, axis=1)


def updated_centroids(
    before: Centroids, gallery: Snapshot, changed: Collection[int] | None = None
) -> Centroids:
    """``build_centroids`` for a changed gallery, taking what has not changed from ``before``.

    Args:
        changed: everybody whose rows may differ, who is new or who is gone; None: compare.
    """
    old, new = before.gallery, gallery
    stayed, kept_rows = _unchanged(old, new, changed)
    fresh, kept = np.flatnonzero(~kept_rows), np.flatnonzero(kept_rows)
    if len(fresh) > len(kept):
        return build_centroids(gallery, before.fit, before.scoring)
    vectors = Block(len(new.people), new.rows.shape[1]).rows()
    keep = before.near.shape[1]
    near = np.full((len(new.people), keep), -np.inf, np.float32)
    near_people = np.full((len(new.people), keep), -1, np.int64)
    # those who stay are in front, in their order, unless templates were added to one of them
    if np.array_equal(kept, np.arange(len(kept))):
        copy_runs(vectors, before.vectors, stayed)
    else:
        vectors[kept] = before.vectors[stayed]
    near[kept], near_people[kept] = before.near[stayed], before.near_people[stayed]
    around = np.empty((len(new.people), before.around.shape[1]), np.float32)
    around[kept] = before.around[stayed]
    for row in fresh.tolist():
        fitted = before.fit.apply(_rows(new, row))
        vectors[row] = person_vectors(fitted, np.array([0, len(fitted)]))[0]
    around[fresh] = nearest_in(before.background, vectors[fresh], before.scoring.nearest)
    vectors.flags.writeable = False
    gone = old.people[~stayed]
    lost = kept[np.isin(near_people[kept], gone).any(axis=1)] if len(gone) else kept[:0]
    redo = np.concatenate([fresh, lost])
    for start in range(0, len(redo), _CHUNK):
        rows = redo[start : start + _CHUNK]
        cosines = _fill(near, near_people, rows, vectors, new.people)
        if (offered := len(fresh) - start) > 0:
            _offer(near, near_people, rows[:offered], redo, cosines[:offered], new.people)
    return replace(
        before, gallery=gallery, vectors=vectors, near=near, near_people=near_people, around=around
    )


def _unchanged(
    old: Snapshot, new: Snapshot, changed: Collection[int] | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whose rows are the same: bool for the people of ``old`` and of ``new``, in one order."""
    if changed is not None:
        people = np.fromiter(changed, np.int64, len(changed))
        stayed, kept = ~np.isin(old.people, people), ~np.isin(new.people, people)
        if np.array_equal(old.people[stayed], new.people[kept]):
            return stayed, kept
    where = {person: row for row, person in enumerate(old.people.tolist())}
    stayed, kept = np.zeros(len(old.people), np.bool_), np.zeros(len(new.people), np.bool_)
    last = -1
    for row, person in enumerate(new.people.tolist()):
        known = where.get(person, -1)
        if known > last and np.array_equal(_rows(old, known), _rows(new, row)):
            stayed[known] = kept[row] = True
            last = known
    return stayed, kept


def _offer(
    near: Vector,
    near_people: NDArray[np.int64],
    fresh: Index,
    done: Index,
    cosines: Vector,
    people: NDArray[np.int64],
) -> None:
    """Take ``fresh`` into the lists of everybody but ``done``; ``cosines`` float32 (f, p)."""
    closer = cosines.max(axis=0) > near[:, -1]
    closer[done] = False
    rows = np.flatnonzero(closer)
    persons = np.broadcast_to(people[fresh], (len(rows), len(fresh)))
    _merge(near, near_people, rows, cosines[:, rows].T, persons)


def _rows(gallery: Snapshot, row: int) -> Vector:
    return gallery.rows[gallery.starts[row] : gallery.starts[row + 1]]


def _fill(
    near: Vector,
    near_people: NDArray[np.int64],
    rows: Index,
    vectors: Vector,
    people: NDArray[np.int64],
) -> Vector:
    """Set the lists of ``rows`` to the nearest other people; their cosines, float32 (n, p)."""
    cosines: Vector = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -np.inf
    columns, values = _highest(cosines, min(near.shape[1], max(len(people) - 1, 0)))
    found = columns.shape[1]
    near[rows, found:], near_people[rows, found:] = -np.inf, -1
    near[rows, :found], near_people[rows, :found] = values, people[columns]
    return cosines
