"""The face a photograph is meant to show: found small or on its side, and cut out of the whole.

Detection costs by the pixel, so a photograph is searched reduced first, then turned, then larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from gate.recognition.box import overlap
from gate.recognition.face import Face, Image
from gate.recognition.quality.assessment import share_outside
from gate.services.image_decode import reduced

SIDES = (1024, 2048, 4096)  # pixels of the longer side, searched in this order
_TURNS = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
_CUT_SIDE = 1024
_MARGIN = 1.0  # of the face, kept on each side of it: quality looks at the surroundings
_FAR_LARGER = 4.0  # times the area of any other face: the others are in the background
_LARGER = 2.25  # so when the others are farther from the middle too
_WHOLE = 0.02  # share of a face that may lie outside the photograph
_UPRIGHT = 50.0  # degrees a face may lean before the photograph is turned

Detect = Callable[[Image], Sequence[Face]]


@dataclass(frozen=True, slots=True)
class Found:
    """Attributes:
    image: the whole photograph, turned so that the faces are upright.
    faces: in its pixels, the largest first; empty when there is none.
    """

    image: Image
    faces: tuple[Face, ...]


def find(image: Image, detect: Detect) -> Found:
    """The faces of a photograph of any size, whichever way up it is."""
    for side in SIDES:
        if side > SIDES[0] and max(image.shape[:2]) <= side // 2:
            break
        small = reduced(image, side)
        faces = detect(small)
        turn = _turn_of(faces)
        if not faces or turn is not None:
            ways = [turn] if turn is not None else list(_TURNS) if side < SIDES[-1] else []
            turned = [(way, detect(_rotated(small, way))) for way in ways]
            best = max(turned, key=lambda one: _best(one[1]), default=None)
            if best is not None and _best(best[1]) > (_best(faces) if turn is None else 0.0):
                way, faces = best
                image, small = _rotated(image, way), _rotated(small, way)
        if faces:
            scale = image.shape[1] / small.shape[1]
            whole = sorted((_scaled(face, scale) for face in faces), key=lambda face: -face.area)
            return Found(image, tuple(whole))
    return Found(image, ())


def meant(found: Found) -> int | None:
    """The index of the face the photograph is of; None when only a person can say.

    A face that the edge of the photograph cuts off is not the one meant where the largest is whole
    and nearer to the middle: somebody who stood beside.
    """
    faces = found.faces
    if len(faces) < 2:
        return 0 if faces else None
    if faces[0].area >= _FAR_LARGER * faces[1].area:
        return 0
    middle = [_off_middle(face, found.image) for face in faces]
    if middle[0] > min(middle[1:]):
        return None
    whole = [face for face in faces if _is_whole(face, found.image)]
    rivals = whole[1:] if whole and whole[0] is faces[0] else list(faces[1:])
    return 0 if all(faces[0].area >= _LARGER * rival.area for rival in rivals) else None


def cut_out(found: Found, index: int, detect: Detect) -> tuple[Image, Face]:
    """The surroundings of one face, at most ``_CUT_SIDE`` pixels, and the face in them.

    A face that was found in a reduced copy is looked for again in its own pixels, which sets its
    landmarks right.
    """
    face = found.faces[index]
    image = found.image
    if max(image.shape[:2]) <= _CUT_SIDE and len(found.faces) == 1:
        return image, face
    height, width = image.shape[:2]
    reach = _MARGIN * max(face.width, face.height)
    left, top = max(0, int(face.box[0] - reach)), max(0, int(face.box[1] - reach))
    right, bottom = min(width, int(face.box[2] + reach)), min(height, int(face.box[3] + reach))
    cut = np.ascontiguousarray(image[top:bottom, left:right])
    small = reduced(cut, _CUT_SIDE)
    scale = small.shape[1] / cut.shape[1]
    there = _scaled(face.moved(-left, -top), scale)
    again = max(detect(small), key=lambda one: overlap(one.box, there.box), default=None)
    if again is not None and overlap(again.box, there.box) > 0.3:
        there = again
    return small, there


def _turn_of(faces: Sequence[Face]) -> int | None:
    """How to turn the image so that its best face is upright; None when it is."""
    if not faces:
        return None
    points = max(faces, key=lambda face: face.score).landmarks
    if points is None:
        return None
    down = points[3:5].mean(axis=0) - points[0:2].mean(axis=0)  # from the eyes to the mouth
    angle = float(np.degrees(np.arctan2(down[0], down[1])))  # 0 upright, 90: chin to the right
    if abs(angle) <= _UPRIGHT:
        return None
    if abs(angle) >= 180 - _UPRIGHT + 10:
        return cv2.ROTATE_180
    return cv2.ROTATE_90_CLOCKWISE if angle > 0 else cv2.ROTATE_90_COUNTERCLOCKWISE


def _rotated(image: Image, way: int) -> Image:
    return np.asarray(cv2.rotate(image, way), np.uint8)


def _best(faces: Sequence[Face]) -> float:
    return max((face.score for face in faces), default=0.0)


def _is_whole(face: Face, image: Image) -> bool:
    return share_outside(image.shape[:2], face) <= _WHOLE


def _off_middle(face: Face, image: Image) -> float:
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    return float(abs(x / image.shape[1] - 0.5) + 0.5 * abs(y / image.shape[0] - 0.45))


def _scaled(face: Face, scale: float) -> Face:
    if scale == 1.0:
        return face
    a, b, c, d = face.box
    points = None if face.landmarks is None else (face.landmarks * scale).astype(np.float32)
    return replace(face, box=(a * scale, b * scale, c * scale, d * scale), landmarks=points)
