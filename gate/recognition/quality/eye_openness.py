"""How far the eyes are open, from an aligned picture of the face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def eyes_open(grey: NDArray[np.uint8], eyes: NDArray[np.float32]) -> float:
    """0..1, shut to wide open: the better of both eyes.

    An open eye has an iris: something dark that is as high as it is wide. A shut one has only the
    line of the lashes. So the measure is how high the dark part under the eye's landmark is; it
    does not ask for a visible white, which narrow eyes do not show.

    Args:
        grey: aligned face, uint8 (H, W).
        eyes: float32 (2, 2), x and y of the eyes in it.
    """
    distance = float(eyes[1, 0] - eyes[0, 0])
    return max(_open(grey, float(x), float(y), distance) for x, y in eyes)


def _open(grey: NDArray[np.uint8], x: float, y: float, distance: float) -> float:
    half_width, half_height = 0.22 * distance, 0.20 * distance
    patch = cv2.getRectSubPix(grey, (round(2 * half_width), round(2 * half_height)), (x, y))
    patch = cv2.resize(patch, (24, 24), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    skin, dark = np.percentile(patch, (80, 4))
    if skin - dark < 8:
        return 0.0
    below = patch < (skin + 2 * dark) / 3
    # the tallest run of dark pixels among the middle columns
    dark_so_far = np.cumsum(below[:, 5:19], axis=0)
    before = np.maximum.accumulate(np.where(below[:, 5:19], 0, dark_so_far), axis=0)
    return min(1.0, int((dark_so_far - before).max()) / 12)
