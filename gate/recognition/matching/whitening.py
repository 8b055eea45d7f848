"""The fit to the site: centre and whiten an encoder's vectors on the site's own gallery.

An encoder trained on other faces sees the people of one place through one camera as alike: their
vectors share a mean and a few loud directions. Taking the mean off and damping the loud
directions (whitening with shrinkage; Jégou & Chum, ECCV 2012; Ledoit & Wolf 2004 for shrinkage)
gives back most of what was lost. Each person counts once, whatever the number of their templates.

Templates stay raw; only the matrix that is matched is fitted. A fit is made of the gallery alone,
never of probes, and the same gallery always gives the same fit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Vector
from gate.recognition.matching.gallery import Snapshot
from gate.recognition.matching.scoring import person_vectors, unit

FEWEST = 30  # people below which no fit is made: see docs/recognition.md
SHRINKAGE = 1.0  # of the largest eigenvalue, added to every eigenvalue


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """An affine map of raw unit vectors; ``apply`` also brings them back to unit length.

    Attributes:
        encoder: whose vectors it is for.
        version: hash of everything the fit was made of; "none" for no fit.
        people: how many people it was made of.
        centre: float32 (d,).
        transform: float32 (d, d), symmetric; None when nothing is to be done.
    """

    encoder: str
    version: str
    people: int
    centre: Vector
    transform: Vector | None

    def apply(self, rows: Vector) -> Vector:
        """Fitted rows of unit length, float32 (n, d), from raw ones, float32 (n, d)."""
        if self.transform is None:
            return unit(rows)
        return unit(np.asarray((rows - self.centre) @ self.transform, np.float32))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """All values, for ``numpy.savez``: ``centre`` (d,), ``transform`` (d, d) or (0, 0)."""
        transform = np.zeros((0, 0), np.float32) if self.transform is None else self.transform
        return {
            "encoder": np.array(self.encoder),
            "version": np.array(self.version),
            "people": np.array(self.people),
            "centre": self.centre,
            "transform": transform,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Whitening:
        """The opposite of ``to_arrays``: ``centre`` (d,), ``transform`` (d, d) or (0, 0).

        Raises:
            RecognitionError: something is missing or of the wrong form.
        """
        try:
            transform = np.asarray(arrays["transform"], np.float32)
            return cls(
                str(arrays["encoder"]),
                str(arrays["version"]),
                int(arrays["people"]),
                np.asarray(arrays["centre"], np.float32),
                transform if transform.size else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RecognitionError(
                f"the stored site fit cannot be read: {error}",
                hint="let it be learnt again with `gate calibrate`",
            ) from error


def no_whitening(encoder: str, width: int) -> Whitening:
    """The fit of a site too small for one: vectors stay as they are."""
    return Whitening(encoder, "none", 0, np.zeros(width, np.float32), None)


def fit_whitening(
    gallery: Snapshot, *, shrinkage: float = SHRINKAGE, fewest: int = FEWEST
) -> Whitening:
    """Centre and whiten on the people of ``gallery``.

    The order of enrolment plays no part. Takes about 0.2 s for 7,000 people × 5 templates.
    """
    width = gallery.rows.shape[1]
    if len(gallery.people) < fewest:
        return no_whitening(gallery.encoder, width)
    order = np.argsort(gallery.people, kind="stable")
    vectors = person_vectors(gallery.rows, gallery.starts)[order].astype(np.float64)
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    values, axes = np.linalg.eigh(centred.T @ centred / len(vectors))
    values = np.maximum(values, 0.0) / max(values[-1], 1e-12)
    transform = (axes / np.sqrt(values + shrinkage)) @ axes.T
    digest = hashlib.sha256(f"{gallery.encoder} {shrinkage}".encode())
    digest.update(gallery.people[order].tobytes())
    digest.update(vectors.astype(np.float32).tobytes())
    return Whitening(
        gallery.encoder,
        digest.hexdigest()[:12],
        len(vectors),
        centre.astype(np.float32),
        transform.astype(np.float32),
    )
