"""Scores of probes against people, as arrays: what a score means, in one place.

A person is one unit vector: the mean of their fitted templates. The score of a probe and a person
is their cosine less what each has in common with everybody else:

    score(q, g) = cos(q, g) - weight * (cohort(q) + cohort(g))

``cohort``, the cohort term, is the mean of the ``nearest`` highest cosines with *other* people of
the gallery and with the generated faces beside it (see ``background``). It is the adaptive
symmetric normalisation of speaker verification (Matějka et al., Interspeech 2017) without its
division, close to the local scaling of Conneau et al. (ICLR 2018): a face that resembles many has
to resemble its own person more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Vector

Index = NDArray[np.intp]
_FEW = 3  # rows; with more, a product of matrices is as fast
BACKGROUND = 2000  # generated faces beside a gallery; another number is another score


@dataclass(frozen=True, slots=True)
class Scoring:
    """Settings of the score.

    Attributes:
        weight: how much of each cohort term is taken off; 0 is the plain cosine.
        nearest: how many of the nearest others make the cohort.
        background: how many generated faces are beside the gallery for cohorts; 0 in calibrations
            stored before there were any.
    """

    weight: float = 0.5
    nearest: int = 10
    background: int = 0


def unit(rows: Vector) -> Vector:
    """Rows of unit length, float32 (n, d). A row of zeros stays zeros."""
    length = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return np.asarray(rows / np.maximum(length, 1e-12), np.float32)


def dot_products(rows: Vector, vectors: Vector) -> Vector:
    """Of each of ``rows``, float32 (n, d), with each of ``vectors``, float32 (p, d): (n, p)."""
    if len(rows) > _FEW:
        products: Vector = rows @ vectors.T
        return products
    # BLAS multiplies a single row at half the speed at which memory is read
    one_by_one = [np.vecdot(vectors, row) for row in rows]
    return np.stack(one_by_one) if one_by_one else np.empty((0, len(vectors)), np.float32)


def person_vectors(fitted: Vector, starts: NDArray[np.int64]) -> Vector:
    """One unit vector a person: the mean of their fitted rows, float32 (p, d).

    Args:
        fitted: float32 (n, d), unit rows, those of a person together.
        starts: int64 (p + 1,), where each person's rows begin.
    """
    if len(starts) == 1:
        return fitted[:0]
    counts = np.diff(starts)
    if (counts == counts[0]).all():  # in one piece, at half the cost
        return unit(fitted.reshape(len(counts), counts[0], -1).sum(axis=1))
    return unit(np.add.reduceat(fitted, starts[:-1], axis=0))


def highest(scores: Vector, count: int) -> Index:
    """Columns of the ``count`` highest scores of each row, best first, intp (n, count).

    Exact and in one pass: the highest can only lie in blocks whose own highest is among the
    ``count`` highest of all blocks.
    """
    rows, width = scores.shape
    count = min(count, width)
    if count < 1 or rows < 1:
        return np.zeros((rows, count), np.intp)
    block = max(16, round((width / count) ** 0.5))
    if width < 4 * block * count:
        return _sorted_highest(scores, count)
    whole = width // block * block
    blocks = scores[:, :whole].reshape(rows, -1, block)
    top = np.argpartition(blocks.max(axis=2), -count, axis=1)[:, -count:]
    columns = (top[:, :, None] * block + np.arange(block)).reshape(rows, -1)
    rest = np.broadcast_to(np.arange(whole, width), (rows, width - whole))
    columns = np.concatenate([columns, rest], axis=1)
    best = _sorted_highest(np.take_along_axis(scores, columns, axis=1), count)
    found: Index = np.take_along_axis(columns, best, axis=1)
    return found


def _sorted_highest(scores: Vector, count: int) -> Index:
    if count < scores.shape[1]:
        columns = np.argpartition(scores, -count, axis=1)[:, -count:]
    else:
        columns = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    ranked: Index = np.take_along_axis(columns, order, axis=1)
    return ranked


def probe_cohort(
    cosines: Vector, best: Index, nearest: int, background: Vector | None = None
) -> Vector:
    """Cohort terms of probes, float32 (n,): the nearest but for the very nearest person.

    Whoever is nearest is left out, since that may be the probe's own person; of ``background``
    nobody is.

    Args:
        cosines: float32 (n, p).
        best: columns of the ``nearest + 1`` highest, best first (see ``highest``).
        background: float32 (n, m), scores of the same kind of generated faces, in any order.
    """
    values = np.take_along_axis(cosines, best[:, 1 : nearest + 1], axis=1)
    if background is not None and background.shape[1]:
        around = np.take_along_axis(background, highest(background, nearest), axis=1)
        values = -np.sort(-np.concatenate([values, around], axis=1), axis=1)[:, :nearest]
    if not values.shape[1]:
        return np.zeros(len(cosines), np.float32)
    mean: Vector = values.mean(axis=1)
    return mean
