"""Pictures of a camera that is mounted on its side or upside down, turned the right way up."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.camera.settings import Turn

_WAYS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def turned(image: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    """``image``, uint8 (height, width, 3), turned clockwise: (width, height, 3) after a quarter."""
    return np.asarray(cv2.rotate(image, _WAYS[turn]), np.uint8) if turn else image
