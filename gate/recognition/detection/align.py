"""From five points of a face to a picture of it in the encoder's own pose."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import RecognitionError
from gate.recognition.face import Face, Image

Points = NDArray[np.float32]  # (5, 2), in the order of Face.landmarks


def similarity(points: Points, targets: Points) -> NDArray[np.float64]:
    """The matrix that turns, scales and moves ``points`` closest to ``targets``.

    Least squares over rotation, one scale and translation (Umeyama 1991), which in the plane is
    linear regression of complex numbers. Points that coincide give the scale 0.

    Args:
        points: float (k, 2), pixels.
        targets: float (k, 2), where they should lie.

    Returns:
        float64 (2, 3), for ``cv2.warpAffine``.
    """
    x = points[:, 0] + 1j * points[:, 1].astype(np.float64)
    y = targets[:, 0] + 1j * targets[:, 1].astype(np.float64)
    dx, dy = x - x.mean(), y - y.mean()
    spread = float(np.vdot(dx, dx).real)
    turn = np.vdot(dx, dy) / spread if spread > 0 else 0j
    move = y.mean() - turn * x.mean()
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])


def crop(image: Image, points: Points, targets: Points, size: int) -> Image:
    """The face cut out and aligned, uint8 (size, size, 3).

    A face much larger than the crop is cut out larger by a whole factor and averaged down, so
    that no pixel of it is skipped. What lies outside the image repeats its edge.

    Args:
        image: uint8 (H, W, 3).
        points: float32 (5, 2), landmarks in pixels of ``image``.
        targets: float32 (5, 2), where they lie in the crop.
        size: of the crop, pixels.
    """
    matrix = similarity(points, targets)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    factor = max(1, min(8, int(1 / scale))) if scale > 0 else 1
    # pixel centres stay pixel centres: x → factor * (x + 0.5) - 0.5
    matrix = matrix * factor
    matrix[:, 2] += 0.5 * factor - 0.5
    side = size * factor
    cut = cv2.warpAffine(
        image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if factor > 1:
        cut = cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cut, dtype=np.uint8)


def crops(image: Image, faces: Sequence[Face], targets: Points, size: int) -> Image:
    """Every face as ``crop`` cuts it, uint8 (n, size, size, 3).

    Args:
        image: uint8 (H, W, 3).
        targets: float32 (5, 2), where the landmarks lie in a crop.
        size: of a crop, pixels.

    Raises:
        RecognitionError: a face has no landmarks.
    """
    cut = [crop(image, landmarks_of(face), targets, size) for face in faces]
    return np.stack(cut) if cut else np.empty((0, size, size, 3), np.uint8)


def landmarks_of(face: Face) -> Points:
    """The five landmarks, float32 (5, 2). Raises RecognitionError when the face has none."""
    if face.landmarks is None:
        raise RecognitionError(
            "this encoder needs the five landmarks of a face",
            hint="use a detector that finds landmarks",
        )
    return face.landmarks
