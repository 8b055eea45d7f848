"""How usable a face is for recognition: measures, limits, and the reason to show.

Size, exposure, backlight, sharpness, pose, eyes and occlusion are the capture-related components
of ISO/IEC 29794-5. All come from the five landmarks and one aligned picture of the face, so a face
costs about a millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Face, Image, Quality, Unusable
from gate.recognition.quality import overall_score as worth
from gate.recognition.quality.eye_openness import eyes_open
from gate.recognition.quality.mask import POINTS, SIDE, mask_crop, mask_score
from gate.recognition.quality.settings import Limits, QualitySettings

Points = NDArray[np.float32]

# where the nose tip lies between eyes (0) and mouth (1) of a face that looks straight ahead, and
# how far it protrudes, in distances between the eyes
_NOSE_LEVEL, _NOSE_DEPTH = 0.49, 0.55
_USUAL = 0.93  # YuNet's median confidence on LFW
_DEGREES_OF_LEVEL = 110.0  # of pitch for a nose displaced from eyes to mouth


def judge(settings: QualitySettings, *, enrolment: bool = False) -> Callable[[Image, Face], Face]:
    """``assess`` for the gate, or for enrolment with its stricter limits.

    Returns:
        A function of an image, uint8 (H, W, 3), BGR, and a face in it.
    """
    limits = settings.enrolment if enrolment else settings.gate
    tolerates_mask = settings.mask == "try" and not enrolment

    def apply(image: Image, face: Face) -> Face:
        return assess(image, face, limits, tolerates_mask=tolerates_mask, thorough=enrolment)

    return apply


def assess(
    image: Image,
    face: Face,
    limits: Limits,
    *,
    tolerates_mask: bool = False,
    thorough: bool = True,
) -> Face:
    """The face with its quality measured, and the reason if it is unusable.

    Args:
        image: uint8 (H, W, 3), BGR, in which the face was found.
        tolerates_mask: a mask alone does not make it unusable.
        thorough: measure everything of a face that is too far away, not only its size.
    """
    if not thorough and face.landmarks is not None:
        size = eye_distance(face.landmarks)
        if size < limits.size:  # first to be shown, and cheap: most of a walk-up is far away
            return replace(face, quality=Quality(size=size), unusable=Unusable.TOO_FAR)
    quality, surroundings = measure(image, face)
    reason = why_unusable(image.shape[:2], face, quality, surroundings, limits)
    if reason is Unusable.MASK and tolerates_mask:
        reason = None
    return replace(face, quality=quality, unusable=reason)


def why_unusable(
    frame: tuple[int, ...],
    face: Face,
    quality: Quality,
    surroundings: float,
    limits: Limits,
) -> Unusable | None:
    """The first limit that is not met, in the order in which they are shown.

    Args:
        frame: height and width of the image.
        surroundings: mean luminance around the face, 0..255.
    """
    light = quality.brightness
    # what the light behind takes away is in the overall quality: a shaded face is matched as well
    # as others of that quality, unless it is too dark in itself
    forgiven = quality.overall is not None and quality.overall >= limits.light_forgiven
    shaded = limits.darkest if forgiven else 2 * limits.darkest
    checks = (
        (Unusable.TOO_FAR, _below(quality.size, limits.size)),
        (Unusable.CUT_OFF, share_outside(frame, face) > limits.cut_off),
        (
            Unusable.BACKLIGHT,
            light is not None
            and light < shaded
            and surroundings > limits.backlight * max(light, 1.0),
        ),
        (Unusable.TOO_DARK, _below(light, limits.darkest)),
        (Unusable.TOO_BRIGHT, light is not None and light > limits.brightest),
        (Unusable.BLURRED, _below(quality.sharpness, limits.sharpness)),
        (Unusable.TURNED, _turned(quality, limits)),
        (
            Unusable.EYES_SHUT,
            quality.eyes_open != 0 and _below(quality.eyes_open, limits.eyes_open),
        ),
        (Unusable.MASK, quality.mask is not None and quality.mask >= 0.5),
        # no eyes at all: dark glasses, a hand, hair
        (Unusable.OCCLUDED, quality.eyes_open == 0),
        # poor in a way that no single measure names: standing still helps most
        (Unusable.BLURRED, _below(quality.overall, limits.overall)),
    )
    return next((reason for reason, met in checks if met), None)


def measure(image: Image, face: Face) -> tuple[Quality, float]:
    """All measures of one face, and the luminance of its surroundings (0 to 255).

    A face without landmarks has only its size (from the box), exposure and surroundings.

    Args:
        image: uint8 (H, W, 3), BGR.
    """
    around = _surroundings(image, face)
    if face.landmarks is None:
        inside = _luminance(image, face.box)
        return Quality(size=0.4 * face.width, brightness=inside), around
    crop = mask_crop(image, face.landmarks)
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    # forehead to mouth between the outer corners of the eyes
    middle = grey[38:92, 34:94]
    size = eye_distance(face.landmarks)
    yaw, pitch, roll = pose(face.landmarks)
    odds = mask_score(crop)
    measured = Quality(
        size=size,
        # the eyes have detail in every face, with a mask too
        sharpness=sharpness(grey[38:66, 34:94], size),
        brightness=float(middle.mean()),
        contrast=float(middle.std()),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        eyes_open=eyes_open(grey, POINTS[:2] * SIDE),
        mask=1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))),
    )
    return replace(measured, overall=worth.overall(measured, _confidence(face))), around


def eye_distance(landmarks: Points) -> float:
    """Pixels between the eyes, from five landmarks, float32 (5, 2)."""
    return math.dist(landmarks[0], landmarks[1])


def _confidence(face: Face) -> float:
    """YuNet's confidence; other detectors' mean something else and count as the usual one."""
    return face.score if face.detector == "yunet" else _USUAL


def sharpness(eyes: NDArray[np.uint8], size: float) -> float:
    """Fine detail as a share of all detail, 0 to 100.

    The strength of the Laplacian (Pertuz, Puig and Garcia 2013) against the spread of luminance,
    so that neither a dim nor a pale face counts as blurred. A part magnified from fewer pixels has
    no finer detail than they had; that is subtracted, because distance is measured by ``size``.

    Args:
        eyes: uint8 (h, w), grey: the part with the eyes of an aligned face, eyes 34 pixels apart.
        size: pixels between the eyes in the frame.
    """
    values = cv2.GaussianBlur(eyes.astype(np.float32), (0, 0), 0.8)
    fine = float(np.abs(cv2.Laplacian(values, cv2.CV_32F)).mean())
    magnified = max(1.0, 34 / max(size, 8.0))
    return min(100.0, magnified * 100 * fine / (float(values.std()) + 4))


def pose(landmarks: Points) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees, roughly, from five landmarks, float32 (5, 2).

    Positive yaw: the nose points to the image's right; positive pitch: down; positive roll:
    clockwise.
    """
    left, right, nose, mouth_left, mouth_right = landmarks.astype(np.float64)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    across = right - left
    roll = math.degrees(math.atan2(across[1], across[0]))
    distance = float(np.hypot(*across))
    if distance < 1:
        return 0.0, 0.0, roll
    unit = across / distance
    down = np.array([-unit[1], unit[0]])
    length = max(float((mouth - eyes) @ down), 0.2 * distance)
    level = float((nose - eyes) @ down) / length
    # the line from the eyes' middle to the mouth's, at the nose's height
    aside = float((nose - eyes - level * (mouth - eyes)) @ unit)
    # both lengths of a turned face: the distance of the eyes shrinks, that to the mouth does not
    yaw = math.degrees(math.atan2(aside / _NOSE_DEPTH, distance))
    return yaw, (level - _NOSE_LEVEL) * _DEGREES_OF_LEVEL, roll


def share_outside(frame: tuple[int, ...], face: Face) -> float:
    """Share of the face's box that lies outside the image, 0..1; 1 when a landmark does."""
    height, width = frame[0], frame[1]
    if face.landmarks is not None:
        x, y = face.landmarks[:, 0], face.landmarks[:, 1]
        if x.min() < 0 or y.min() < 0 or x.max() > width - 1 or y.max() > height - 1:
            return 1.0
    left, top, right, bottom = face.box
    inside = max(0.0, min(right, width) - max(left, 0)) * max(
        0.0, min(bottom, height) - max(top, 0)
    )
    return 1 - inside / face.area if face.area > 0 else 1.0


def _turned(quality: Quality, limits: Limits) -> bool:
    return (quality.yaw is not None and abs(quality.yaw) > limits.yaw) or (
        quality.pitch is not None and abs(quality.pitch) > limits.pitch
    )


def _below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit


def _surroundings(image: Image, face: Face) -> float:
    """Mean luminance of a ring around the face, as far as it is in the image."""
    left, top, right, bottom = face.box
    across, up = 0.8 * face.width, 0.8 * face.height
    outer = (left - across, top - up, right + across, bottom)
    whole, whole_size = _sum(image, outer)
    inner, inner_size = _sum(image, face.box)
    size = whole_size - inner_size
    return (whole - inner) / size if size > 0 else 0.0


def _luminance(image: Image, box: tuple[float, float, float, float]) -> float | None:
    total, size = _sum(image, box)
    return total / size if size else None


def _sum(image: Image, box: tuple[float, float, float, float]) -> tuple[float, int]:
    """Sum of the luminance within a box and how many pixels it was taken from.

    Every fourth pixel both ways is enough for a mean.
    """
    height, width = image.shape[:2]
    x0, x1 = max(0, int(box[0])), min(width, int(box[2]))
    y0, y1 = max(0, int(box[1])), min(height, int(box[3]))
    if x1 <= x0 or y1 <= y0:
        return 0.0, 0
    part = np.ascontiguousarray(image[y0:y1:4, x0:x1:4])
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    return float(grey.sum()), int(grey.size)
