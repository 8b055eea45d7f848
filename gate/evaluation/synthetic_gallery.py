"""Templates of people who do not exist, spread like those of people who do.

A gallery filled with random directions would be too easy: real faces lie closer together. What
is shipped of each encoder is its mean template and the main axes of its spread, measured over
2,800 people together (``python -m research.synthetic_spread``), and three numbers fitted to real
scores: nothing in it belongs to one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Template, Vector

LABEL = "generated"
FOLDER = Path(__file__).parent / "spread"
AXES = 64
FEWEST = 200  # real templates from which a spread can be measured


@dataclass(frozen=True, slots=True)
class Shape:
    """What a Gaussian does not say of an encoder's scores.

    Attributes:
        flatness: power of the axes' variances for most people, dimensionless; below 1 the axes
            count more equally.
        cluster: share of people that vary along the first axes only, so that somebody looks like
            them. Chosen so that the best score of a generated person among generated ones is that
            of a real person among real ones: thresholds are calibrated on it.
        cluster_axes: how many axes those are.
    """

    flatness: float
    cluster: float
    cluster_axes: int


SHAPES = {
    "dlib": Shape(1.15, 0.03, 16),
    "retail-0095": Shape(1.0, 0.5, 56),
    "faceplugin": Shape(1.08, 0.3, 56),
    "retail-0095+faceplugin": Shape(1.08, 0.3, 56),
}
PLAIN = Shape(1.0, 0.0, 1)


@dataclass(frozen=True, slots=True)
class Spread:
    """How the templates of an encoder spread.

    Attributes:
        mean: float32 (d,), the mean of unit templates.
        axes: float32 (k, d), orthonormal, greatest variance first.
        variances: float32 (k,) along the axes.
        rest: variance along every other direction, dimensionless, as of ``variances``.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    variances: NDArray[np.float32]
    rest: float


def generate(count: int, encoder: str, *, seed: int = 0, like: Vector | None = None) -> Vector:
    """Templates of ``count`` people who do not exist: float32 (count, d), rows of unit length.

    Args:
        encoder: name of the encoder, with or without version: "dlib", "retail-0095/fp16".
        seed: the same seed gives the same people.
        like: real templates of at least 200 people, float32 (n, d), to measure the spread on
            instead of taking the shipped one; needed for an encoder of which none is shipped.

    Raises:
        RecognitionError: when there is neither a shipped spread nor enough in ``like``.
    """
    family = encoder.split("/")[0]
    spread = load(family) if like is None else measure(like)
    shape = SHAPES.get(family, PLAIN)
    rng = np.random.default_rng(seed)
    axes, dimension = spread.axes.shape
    total = float(spread.variances.sum()) + spread.rest * (dimension - axes)
    variances = np.append(spread.variances, np.float32(spread.rest)).astype(np.float64)
    weight = np.append(np.ones(axes), dimension - axes)  # the rest is many directions
    most = variances**shape.flatness
    most *= total / float((most * weight).sum())
    cluster = np.where(np.arange(axes + 1) < shape.cluster_axes, variances, 0.0)
    cluster *= total / float((cluster * weight).sum())
    alike = rng.random(count) < shape.cluster
    deviation = np.sqrt(np.where(alike[:, None], cluster, most))
    along = rng.standard_normal((count, axes)) * deviation[:, :axes]
    across = rng.standard_normal((count, dimension))
    across -= (across @ spread.axes.T) @ spread.axes
    vectors = spread.mean + along @ spread.axes + across * deviation[:, axes:]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def generate_templates(
    first_person: int, count: int, encoder: str, *, seed: int = 0
) -> list[Template]:
    """``count`` templates labelled "generated", of people numbered from ``first_person``."""
    vectors = generate(count, encoder, seed=seed)
    return [
        Template(first_person + k, vector, encoder, label=LABEL) for k, vector in enumerate(vectors)
    ]


def measure(real: Vector, axes: int = AXES) -> Spread:
    """The spread of real unit templates, one per person, float32 (n, d).

    Raises:
        RecognitionError: when there are fewer than 200.
    """
    if len(real) < FEWEST:
        raise RecognitionError(
            f"{len(real)} templates are too few to measure how an encoder's templates spread",
            hint=f"give the templates of {FEWEST} people or more",
        )
    values, directions = np.linalg.eigh(np.cov(real.T.astype(np.float64)))
    values, directions = values[::-1], directions.T[::-1]
    axes = min(axes, len(values) - 1, len(real) // 2)
    return Spread(
        real.mean(axis=0, dtype=np.float64).astype(np.float32),
        directions[:axes].astype(np.float32),
        values[:axes].astype(np.float32),
        float(max(0.0, values[axes:].mean())),
    )


def load(family: str) -> Spread:
    """The shipped spread of an encoder. Raises RecognitionError when there is none."""
    path = FOLDER / f"{family}.npz"
    if not path.exists():
        shipped = ", ".join(sorted(p.stem for p in FOLDER.glob("*.npz")))
        raise RecognitionError(
            f"how the templates of the encoder {family} spread is not known",
            where=str(path),
            hint=f"choose one of {shipped}, or give templates of {FEWEST} people to measure it on",
        )
    with np.load(path) as kept:
        # kept as half floats; orthonormal again at full precision
        axes, _ = np.linalg.qr(kept["axes"].astype(np.float64).T)
        return Spread(
            kept["mean"].astype(np.float32),
            axes.T.astype(np.float32),
            kept["variances"].astype(np.float32),
            float(kept["rest"]),
        )


def save(spread: Spread, path: Path) -> None:
    """Write what ``load`` reads."""
    np.savez_compressed(
        path,
        mean=spread.mean.astype(np.float16),
        axes=spread.axes.astype(np.float16),
        variances=spread.variances,
        rest=np.float32(spread.rest),
    )
