"""Cues to a picture that need no model: a flat face, and the grid of a display.

Weaker than a network, and said to be: the first sees only still pictures, the second only displays
whose pixels beat with the camera's.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.detection.align import crop
from gate.recognition.face import Face, Image

_SIDE = 128
_UPRIGHT = np.array(
    [(0.30, 0.35), (0.70, 0.35), (0.50, 0.55), (0.36, 0.75), (0.64, 0.75)], dtype=np.float32
)


def nose_place(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where the nose tip lies in the frame spanned by both eyes and the mouth, float64 (2,).

    However a flat picture is held, turned or tilted, this stays the same (affine invariance); the
    nose of a head protrudes and moves against the eyes when the head turns (parallax; affine
    coordinates of a point as of Koenderink and van Doorn 1991).
    """
    left, right, nose, mouth_left, mouth_right = landmarks.astype(np.float64)
    mouth = (mouth_left + mouth_right) / 2
    basis = np.stack([right - left, mouth - left], axis=1)
    if abs(np.linalg.det(basis)) < 1e-6:
        return np.zeros(2)
    return np.asarray(np.linalg.solve(basis, nose - left), dtype=np.float64)


def parallax(places: Sequence[NDArray[np.float64]]) -> float:
    """How far the nose has moved against eyes and mouth, in eye distances (dimensionless).

    The landmarks' own tremble is subtracted: it differs from frame to frame, a turn of the head
    goes on over several. So neighbouring frames give the noise and the whole gives the rest.

    Args:
        places: float64 (5, 2) for each frame, the landmarks.
    """
    if len(places) < 4:
        return 0.0
    path = np.stack(places)
    noise = float(((path[1:] - path[:-1]) ** 2).sum(1).mean()) / 2
    spread = float(((path - path.mean(0)) ** 2).sum(1).mean())
    return float(np.sqrt(max(0.0, spread - noise)))


def display_grid(image: Image, face: Face) -> float:
    """How far a regular pattern exceeds the face's fine detail, dimensionless; about 1 without one.

    The strongest frequency of the upper half of the spectrum against what is usual there. Skin,
    hair and noise spread over all frequencies; the beat of two grids lies in one.

    Args:
        image: uint8 (H, W, 3), BGR.
    """
    if face.landmarks is None:
        return 1.0
    grey = cv2.cvtColor(crop(image, face.landmarks, _UPRIGHT * _SIDE, _SIDE), cv2.COLOR_BGR2GRAY)
    middle = grey[24:104, 24:104].astype(np.float32)
    window = np.hanning(80).astype(np.float32)
    middle = (middle - cv2.GaussianBlur(middle, (0, 0), 2)) * np.outer(window, window)
    power = np.abs(np.fft.fftshift(np.fft.fft2(middle)))
    y, x = np.mgrid[-40:40, -40:40]
    radius = np.hypot(x, y)
    ring = (radius > 12) & (radius < 38)
    expected = np.ones_like(power)
    for inner in range(12, 38, 2):
        belt = (radius >= inner) & (radius < inner + 2)
        expected[belt] = np.median(power[belt]) + 1e-3
    return float((power / expected)[ring].max() / 4)
