"""Whether a camera is mounted on its side or upside down, by the faces in one of its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from gate.camera.settings import Turn
from gate.camera.turning import turned
from gate.recognition.face import Face, Image

Detect = Callable[[Image], Sequence[Face]]

TURN_IT = "faces are upright only in the turned picture: set rotate = {degrees} in [[camera]]"

_LEANS = 45.0  # degrees from upright at which a face is nearer to lying
# Score of a face that counts. With half of 265 pictures hair around a face painted
# over reached 0.82 once turned, and 98 of 100 faces more than this; what "hog" gives has another
# scale, and such hair reached 0.16.
_SURE = 0.85
_SURE_OF = {"hog": 0.2}


def turn_of(image: Image, detect: Detect) -> Turn:
    """Degrees clockwise by which a picture, BGR uint8 (height, width, 3), has to be turned.

    0 where its best face stands upright as it is, and where there is none whichever way it is
    turned. Raises what ``detect`` raises.
    """
    ways: tuple[Turn, ...] = get_args(Turn)
    scores = {way: _upright(detect(turned(image, way))) for way in ways}
    # a face upside down is found too, less surely; of equals the first is taken
    return max(ways, key=lambda way: scores[way])


def further(image: Image, rotate: Turn, detect: Detect) -> Turn | None:
    """What ``rotate`` has to be instead, for a picture of a camera that is turned by it already.

    None where it is right, or nothing is known. Raises what ``detect`` raises.
    """
    turn = turn_of(image, detect)
    ways: tuple[Turn, ...] = get_args(Turn)
    return ways[(rotate + turn) // 90 % len(ways)] if turn else None


def _upright(faces: Sequence[Face]) -> float:
    """The score, 0 to 1, of the best face that surely is one and stands upright; 0 for none."""
    sure = (face for face in faces if face.score >= _SURE_OF.get(face.detector, _SURE))
    return max((face.score for face in sure if _stands(face)), default=0.0)


def _stands(face: Face) -> bool:
    if face.landmarks is None:
        return True  # such a detector finds no other
    down = face.landmarks[3:5].mean(axis=0) - face.landmarks[0:2].mean(axis=0)
    return bool(abs(np.degrees(np.arctan2(down[0], down[1]))) < _LEANS)
