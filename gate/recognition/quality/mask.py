"""Does the face wear a mask? A small classifier on the aligned face; its coefficients come along.

Gradients say whether there is a mouth where the landmarks put one, colours whether the lower face
is of the skin that is around the eyes. ``python -m research.masks`` fits the coefficients
and reports what they are worth; see docs/quality.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.detection.align import crop
from gate.recognition.face import Image

SIDE = 128
# eyes, nose and mouth in sides of the aligned crop, with room for a chin and a mask's edge
POINTS = np.array(
    [(0.3672, 0.4060), (0.6315, 0.4060), (0.5002, 0.5348), (0.3916, 0.6674), (0.6104, 0.6674)],
    dtype=np.float32,
)
_CELLS = 8  # a side; each 8 × 8 pixels
_BINS = 9
_ROWS, _COLUMNS = np.mgrid[:64, :64]
_COLOURS = 12  # a side
COEFFICIENTS = Path(__file__).with_name("mask.npz")


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """One hidden layer.

    Attributes:
        mean, scale: float32 (d,), of the features.
        hidden: float32 (d, h); ``hidden_bias``: (h,).
        out: float32 (h,).
        out_bias: log-odds.
        threshold: log-odds above which a mask is reported.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    out: NDArray[np.float32]
    out_bias: float
    threshold: float

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds of a mask, float32 (n,), for features float32 (n, d)."""
        layer = (features - self.mean) / self.scale @ self.hidden + self.hidden_bias
        return np.asarray(np.maximum(layer, 0) @ self.out + self.out_bias, dtype=np.float32)


@lru_cache(maxsize=1)
def coefficients() -> Coefficients:
    """Those that come with the gate."""
    with np.load(COEFFICIENTS, allow_pickle=False) as kept:
        return Coefficients(
            mean=kept["mean"].astype(np.float32),
            scale=kept["scale"].astype(np.float32),
            hidden=kept["hidden"].astype(np.float32),
            hidden_bias=kept["hidden_bias"].astype(np.float32),
            out=kept["out"].astype(np.float32),
            out_bias=float(kept["out_bias"]),
            threshold=float(kept["threshold"]),
        )


def mask_crop(image: Image, landmarks: NDArray[np.float32]) -> Image:
    """The face as ``features`` takes it, uint8 (128, 128, 3), from landmarks, float32 (5, 2)."""
    return crop(image, landmarks, POINTS * SIDE, SIDE)


def mask_score(face: Image) -> float:
    """Log-odds that a mask is worn, shifted so that 0 and more counts as one.

    Args:
        face: of ``mask_crop``, uint8 (128, 128, 3), BGR.
    """
    fitted = coefficients()
    return float(fitted.score(features(face)[None])[0]) - fitted.threshold


def features(face: Image) -> NDArray[np.float32]:
    """Gradients and colours of an aligned crop, float32 (1332,)."""
    middle = face[26:122, 16:112]
    small = cv2.resize(middle, (64, 64), interpolation=cv2.INTER_AREA)
    patches = cv2.resize(middle, (_COLOURS, _COLOURS), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(patches, cv2.COLOR_BGR2LAB).astype(np.float32) / 32
    skin = np.median(lab[2:5, 2:10].reshape(-1, 3), axis=0)
    apart = lab - skin
    return np.concatenate(
        [_gradients(np.asarray(small, np.uint8)), apart.ravel(), np.abs(apart[3:]).ravel()]
    )


def _gradients(small: Image) -> NDArray[np.float32]:
    """Histograms of oriented gradients (Dalal and Triggs 2005) of 64 × 64 pixels.

    Each cell's histogram is shared between neighbouring directions and divided by the strength of
    its neighbourhood.
    """
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=1)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=1)
    strength, angle = cv2.cartToPolar(dx, dy)
    place = (angle % np.pi) * (_BINS / np.pi) - 0.5
    lower = np.floor(place)
    share = place - lower
    bins = np.zeros((_BINS, 64, 64), np.float32)
    index = lower.astype(np.int64)
    bins[index % _BINS, _ROWS, _COLUMNS] += strength * (1 - share)
    bins[(index + 1) % _BINS, _ROWS, _COLUMNS] += strength * share
    cells = bins.reshape(_BINS, _CELLS, 8, _CELLS, 8).sum((2, 4))
    energy = cv2.blur((cells**2).sum(0), (3, 3), borderType=cv2.BORDER_REPLICATE)
    return np.asarray((cells / np.sqrt(energy + 6400)).ravel(), dtype=np.float32)
