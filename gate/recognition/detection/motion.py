"""Where an image differs from an earlier one: where somebody may have come."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.box import Box
from gate.recognition.face import Image

CELL = 16  # pixels a side
_NOISE = 6.0  # grey levels a cell may differ by without anything having changed
_MARGIN = 2.0  # cells about what changed that are searched too: a face does not end at its edge

Thumbnail = NDArray[np.float32]


def thumbnail(image: Image) -> Thumbnail:
    """The mean grey of each cell, float32 (h, w): height and width of the image / ``CELL``.

    Args:
        image: uint8 (H, W, 3), BGR.
    """
    height, width = image.shape[:2]
    size = (max(1, width // CELL), max(1, height // CELL))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def changed(before: Thumbnail, now: Thumbnail, width: int, height: int) -> Box | None:
    """The box around everything that changed; None when nothing did.

    Args:
        before: float32 (h, w), from ``thumbnail``.
        now: the same of a later image.
        width, height: of the image the box is for, pixels.
    """
    if before.shape != now.shape:
        return 0.0, 0.0, float(width), float(height)
    rows, columns = np.nonzero(np.abs(now - before) > _NOISE)
    if not len(rows):
        return None
    down, across = height / now.shape[0], width / now.shape[1]
    return (
        max(0.0, (float(columns.min()) - _MARGIN) * across),
        max(0.0, (float(rows.min()) - _MARGIN) * down),
        min(float(width), (float(columns.max()) + 1 + _MARGIN) * across),
        min(float(height), (float(rows.max()) + 1 + _MARGIN) * down),
    )
