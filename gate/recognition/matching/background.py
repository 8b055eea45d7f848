"""Faces of nobody, for the cohorts of people of whose kind the gallery has few.

A cohort of a face is whoever in the gallery is nearest to it. Somebody of a kind of which a mixed
gallery holds ten has those ten in their cohort at best, and then people who are much further: the
cohort term is too low, and one of the ten passes for them more often than the threshold says. So
generated faces join the gallery in every cohort, at every site the same, spread over the
whole space of faces: dense where the gallery is not. They are never enrolled and never found.

What is shipped of an encoder is a mixture of normal laws: the means of a few clusters of faces
that were found without labels (k-means, Lloyd 1982; the smallest is of 32 people), and the main
axes along which faces differ within clusters, measured over 1,905 people together (``python -m
research.background``). Nothing in it belongs to one person, and no group has a name. The background
model of speaker verification is of the same kind (Reynolds, Quatieri and Dunn, Digital Signal
Processing 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gate.recognition.face import Vector
from gate.recognition.matching.scoring import dot_products, highest, unit
from gate.recognition.matching.whitening import Whitening

FOLDER = Path(__file__).parent / "backgrounds"
CLUSTERS, AXES = 24, 56
_ROUNDS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """How the templates of an encoder lie.

    Attributes:
        means: float32 (k, d), of the clusters.
        shares: float32 (k,), of the people in each; sums to one.
        axes: float32 (a, d), orthonormal, greatest variance first, the same in every cluster.
        variances: float32 (a,), along the axes; none is left for other directions.
    """

    means: Vector
    shares: Vector
    axes: Vector
    variances: Vector

    def generate(self, count: int, *, seed: int = 0) -> Vector:
        """Unit vectors of people who do not exist, float32 (n, d) with n = ``count``.

        A seed gives the same people every time.
        """
        random = np.random.default_rng(seed)
        shares = self.shares.astype(np.float64)
        cluster = random.choice(len(shares), count, p=shares / shares.sum())
        along = random.standard_normal((count, len(self.axes))) * np.sqrt(self.variances)
        return unit((self.means[cluster] + along @ self.axes).astype(np.float32))


def measure(real: Vector, *, clusters: int = CLUSTERS, axes: int = AXES) -> Mixture:
    """The mixture of real unit vectors, one a person, float32 (n, d), n much more than ``axes``.

    All that people differ by within clusters is put on the main axes: spread over all directions,
    as a normal law has it, generated faces would be further from real ones than these are from
    each other, and so be in no cohort.
    """
    random = np.random.default_rng(0)
    means = real[random.choice(len(real), clusters, replace=False)].astype(np.float64)
    for _ in range(_ROUNDS):
        member = (real @ means.T - 0.5 * (means**2).sum(axis=1)).argmax(axis=1)
        for cluster in range(clusters):
            own = real[member == cluster]
            if len(own):
                means[cluster] = own.mean(axis=0)
    values, directions = np.linalg.eigh(np.cov((real - means[member]).T))
    values, directions = values[::-1], directions.T[::-1]
    return Mixture(
        means.astype(np.float32),
        (np.bincount(member, minlength=clusters) / len(real)).astype(np.float32),
        directions[:axes].astype(np.float32),
        (values[:axes] * (values.sum() / values[:axes].sum())).astype(np.float32),
    )


def save(mixture: Mixture, path: Path) -> None:
    """Write what ``load`` reads, means (k, d) and axes (a, d) as float16."""
    np.savez_compressed(
        path,
        means=mixture.means.astype(np.float16),
        shares=mixture.shares,
        axes=mixture.axes.astype(np.float16),
        variances=mixture.variances,
    )


def load(path: Path) -> Mixture:
    """What ``save`` wrote: means float32 (k, d), axes (a, d).

    A file of the package, so damage to it is a damaged installation.
    """
    with np.load(path) as kept:
        # orthonormal again at full precision
        axes, _ = np.linalg.qr(kept["axes"].astype(np.float64).T)
        return Mixture(
            kept["means"].astype(np.float32),
            kept["shares"].astype(np.float32),
            axes.T.astype(np.float32),
            kept["variances"].astype(np.float32),
        )


@lru_cache(maxsize=4)
def generated(encoder: str, width: int, count: int) -> Vector:
    """Raw unit vectors of nobody for an encoder, float32 (count, d), read-only.

    (0, d) for an encoder of which nothing is shipped, or of another width: its cohorts are of
    the gallery alone.

    Args:
        encoder: its name, with or without version.
        width: d.
    """
    path = FOLDER / f"{encoder.split('/')[0]}.npz"
    vectors = np.zeros((0, width), np.float32)
    if count and path.is_file() and (mixture := load(path)).means.shape[1] == width:
        vectors = mixture.generate(count)
    vectors.flags.writeable = False
    return vectors


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The generated faces under one fit.

    Attributes:
        vectors: float32 (m, d), fitted, unit length.
        cohort_term: float32 (m,), mean of the highest cosines with each other.
    """

    vectors: Vector
    cohort_term: Vector


def build_background(encoder: str, fit: Whitening, count: int, nearest: int) -> Background:
    """The faces of ``generated`` under ``fit``, float32 (count, d) or (0, d).

    Args:
        nearest: of how many nearest others the term of each is.
    """
    vectors = fit.apply(generated(encoder, len(fit.centre), count))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    best = highest(cosines, min(nearest, max(len(vectors) - 1, 0)))
    near = np.take_along_axis(cosines, best, axis=1)
    term = near.mean(axis=1) if near.shape[1] else np.zeros(len(vectors), np.float32)
    return Background(vectors, np.asarray(term, np.float32))


def nearest_in(background: Background, vectors: Vector, nearest: int) -> Vector:
    """The highest cosines of fitted rows with the generated faces, float32 (n, nearest or fewer).

    Args:
        vectors: float32 (n, d).
    """
    cosines = vectors @ background.vectors.T
    return np.take_along_axis(cosines, highest(cosines, nearest), axis=1)


def scores_around(background: Background, probes: Vector, weight: float) -> Vector:
    """Scores of fitted probes and generated faces, less the terms of the latter, float32 (n, m).

    Args:
        probes: float32 (n, d).
        weight: of the cohort terms, dimensionless.
    """
    scores = dot_products(probes, background.vectors)
    scores -= weight * background.cohort_term
    return scores
