"""A photograph with its faces framed and numbered, for staff to pick one."""

from __future__ import annotations

import cv2
import numpy as np

from gate.services.image_decode import reduced
from gate.services.portrait import Found

_SIDE = 900
_COLOUR = (0, 140, 255)


def framed(found: Found) -> bytes:
    """A JPEG of at most 900 pixels a side; faces are numbered from 1, the largest first."""
    picture = np.ascontiguousarray(reduced(found.image, _SIDE))
    scale = picture.shape[1] / found.image.shape[1]
    for number, face in enumerate(found.faces, start=1):
        left, top, right, bottom = (round(edge * scale) for edge in face.box)
        cv2.rectangle(picture, (left, top), (right, bottom), _COLOUR, 2)
        at = (max(0, left), max(22, top - 6))
        cv2.putText(picture, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 5)
        cv2.putText(picture, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, _COLOUR, 2)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
