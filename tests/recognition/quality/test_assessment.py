"""Each defect of a face is measured and named; good faces pass."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.evaluation.faces_in import main_face
from gate.recognition.detection.detector import HogDetector
from gate.recognition.face import Face, Image, Quality, Unusable
from gate.recognition.quality.assessment import (
    assess,
    judge,
    measure,
    pose,
    share_outside,
    why_unusable,
)
from gate.recognition.quality.settings import ENROLMENT, Limits, QualitySettings

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[3] / "fixtures" / "photographs"
FRONTAL = np.float32([(40, 40), (80, 40), (60, 60), (45, 82), (75, 82)])
GATE = Limits()


def portrait() -> tuple[Image, Face]:
    """A good portrait at the size of a person at the gate."""
    whole = cv2.imread(str(FIXTURES / "barack-obama-2012.jpg"))
    image = np.asarray(
        cv2.resize(whole, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8
    )
    face = main_face(image, HogDetector(60).detect(image))
    assert face is not None
    return image, face


def reason(image: Image, face: Face, limits: Limits = GATE) -> Unusable | None:
    return assess(image, face, limits).unusable


def test_a_good_portrait_is_usable_at_the_gate_and_for_enrolment() -> None:
    image, face = portrait()
    seen = assess(image, face, ENROLMENT)
    assert seen.unusable is None
    assert seen.quality is not None
    assert seen.quality.overall is not None
    assert seen.quality.overall > 0.5


def test_far_away() -> None:
    image, face = portrait()
    small = np.asarray(cv2.resize(image, None, fx=0.15, fy=0.15, interpolation=cv2.INTER_AREA))
    assert face.landmarks is not None
    away = Face(
        tuple(0.15 * v for v in face.box),  # type: ignore[arg-type]
        face.score,
        face.landmarks * np.float32(0.15),
    )
    assert reason(small, away) is Unusable.TOO_FAR


def test_of_a_face_too_far_away_the_gate_measures_its_size_only() -> None:
    image, face = portrait()
    assert face.landmarks is not None
    small = dataclasses.replace(face, landmarks=face.landmarks * np.float32(0.2))
    at_gate = judge(QualitySettings())(image, small)
    enrolled = judge(QualitySettings(), enrolment=True)(image, small)
    assert at_gate.unusable is enrolled.unusable is Unusable.TOO_FAR
    assert at_gate.quality is not None
    assert enrolled.quality is not None
    assert at_gate.quality.size == enrolled.quality.size
    assert at_gate.quality.sharpness is None
    assert enrolled.quality.sharpness is not None


def test_cut_off_at_the_edge() -> None:
    image, face = portrait()
    assert face.landmarks is not None
    left = int(face.landmarks[0, 0]) - 8
    cut = np.ascontiguousarray(image[:, left:])
    box = (face.box[0] - left, face.box[1], face.box[2] - left, face.box[3])
    moved = Face(box, face.score, face.landmarks - np.array([left, 0], np.float32))
    assert reason(cut, moved) is Unusable.CUT_OFF


def test_in_the_dark() -> None:
    image, face = portrait()
    assert reason((image * 0.08).astype(np.uint8), face) is Unusable.TOO_DARK


def test_in_glaring_light() -> None:
    image, face = portrait()
    bright = np.clip(image.astype(np.float32) * 1.2 + 165, 0, 255).astype(np.uint8)
    assert reason(bright, face) is Unusable.TOO_BRIGHT


def test_with_the_light_behind() -> None:
    image, face = portrait()
    dark = (image * 0.2).astype(np.uint8)
    left, top, right, bottom = (int(v) for v in face.box)
    lit = np.full_like(image, 245)
    lit[top:bottom, left:right] = dark[top:bottom, left:right]
    assert reason(lit, face) is Unusable.BACKLIGHT


def test_light_behind_a_face_that_is_good_in_itself_is_forgiven_at_the_gate_only() -> None:
    image, face = portrait()
    shaded = (image * 0.4).astype(np.uint8)
    left, top, right, bottom = (int(v) for v in face.box)
    lit = np.full_like(image, 245)
    lit[top:bottom, left:right] = shaded[top:bottom, left:right]
    strict = GATE.model_copy(update={"light_forgiven": 1.0})
    assert assess(lit, face, strict).unusable is Unusable.BACKLIGHT
    assert assess(lit, face, GATE).unusable is None
    poor = GATE.model_copy(update={"light_forgiven": 0.99})
    assert assess(lit, face, poor).unusable is Unusable.BACKLIGHT
    assert assess(lit, face, ENROLMENT).unusable is Unusable.BACKLIGHT


def eyes_covered(colour_of_skin: bool) -> tuple[Image, Face]:
    """The portrait with a lid and its lashes drawn over each eye, or with dark glasses."""
    image, face = portrait()
    assert face.landmarks is not None
    covered = image.copy()
    wide = float(face.landmarks[1, 0] - face.landmarks[0, 0])
    for x, y in face.landmarks[:2]:
        centre, size = (round(x), round(y)), (round(0.27 * wide), round(0.2 * wide))
        if not colour_of_skin:
            size = (round(0.42 * wide), round(0.34 * wide))
        skin = covered[round(y + 0.3 * wide), round(x)].tolist()
        colour = skin if colour_of_skin else (12, 12, 14)
        cv2.ellipse(covered, centre, size, 0, 0, 360, colour, -1, cv2.LINE_AA)
        if colour_of_skin:
            lash = (centre[0], centre[1] + 2)
            cv2.ellipse(covered, lash, (size[0] - 2, 2), 0, 0, 180, (40, 40, 50), 1, cv2.LINE_AA)
    return covered, face


def test_shut_eyes_cannot_be_enrolled() -> None:
    assert reason(*eyes_covered(colour_of_skin=True), ENROLMENT) is Unusable.EYES_SHUT


def test_dark_glasses_hide_the_face() -> None:
    assert reason(*eyes_covered(colour_of_skin=False)) is Unusable.OCCLUDED


def test_out_of_focus() -> None:
    image, face = portrait()
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.14 * face.width), np.uint8)
    assert reason(soft, face) is Unusable.BLURRED


def test_a_profile_is_turned() -> None:
    yaw, _, _ = pose(np.float32([(50, 40), (75, 40), (82, 58), (58, 80), (75, 80)]))
    assert yaw > 40


@pytest.mark.parametrize("degrees", [-25, 0, 10, 25])
def test_roll_is_the_angle_of_the_eyes_and_changes_nothing_else(degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((60, 60), -degrees, 1)
    points = np.float32(FRONTAL @ turn[:, :2].T + turn[:, 2])
    yaw, pitch, roll = pose(points)
    assert roll == pytest.approx(degrees, abs=0.5)
    assert (yaw, pitch) == pytest.approx(pose(FRONTAL)[:2], abs=0.5)


def test_yaw_is_opposite_for_the_mirror_image() -> None:
    points = np.float32([(50, 40), (75, 40), (72, 58), (55, 80), (75, 80)])
    mirrored = (np.float32([120, 0]) + points * np.float32([-1, 1]))[[1, 0, 2, 4, 3]]
    assert pose(mirrored)[0] == pytest.approx(-pose(points)[0], abs=1e-3)


def test_landmarks_of_one_point_do_no_harm() -> None:
    assert pose(np.zeros((5, 2), np.float32))[:2] == (0.0, 0.0)


def test_a_face_without_landmarks_is_judged_by_its_box() -> None:
    image, face = portrait()
    plain = dataclasses.replace(face, landmarks=None)
    quality, _ = measure(image, plain)
    assert quality.size == pytest.approx(0.4 * face.width)
    assert quality.sharpness is None
    assert reason(image, plain) is None


def test_the_share_of_a_box_outside_the_picture() -> None:
    assert share_outside((100, 100), Face((-50, 0, 50, 100), 1.0)) == pytest.approx(0.5)
    assert share_outside((100, 100), Face((10, 10, 50, 50), 1.0)) == 0


def test_reasons_come_in_the_order_of_urgency() -> None:
    worst = Quality(size=5, sharpness=0, brightness=5, yaw=80, eyes_open=0, mask=1, overall=0)
    face = Face((10, 10, 50, 50), 1.0)
    assert why_unusable((100, 100), face, worst, 5, GATE) is Unusable.TOO_FAR
    near = dataclasses.replace(worst, size=60.0)
    assert why_unusable((100, 100), face, near, 5, GATE) is Unusable.TOO_DARK
    lit = dataclasses.replace(near, brightness=120.0)
    assert why_unusable((100, 100), face, lit, 5, GATE) is Unusable.BLURRED
    sharp = dataclasses.replace(lit, sharpness=30.0, yaw=0.0, eyes_open=1.0)
    assert why_unusable((100, 100), face, sharp, 5, GATE) is Unusable.MASK


@pytest.mark.parametrize(("mask", "expected"), [("ask", True), ("card", True), ("try", False)])
def test_a_mask_is_asked_about_unless_the_site_tries(mask: str, expected: bool) -> None:
    settings = QualitySettings(mask=mask)  # type: ignore[arg-type]
    image, face = portrait()
    assert face.landmarks is not None
    covered = image.copy()
    corners = face.landmarks
    eyes = corners[1] - corners[0]
    outline = [corners[0] + v for v in ((-12, 14), (-10, 60), (eyes[0] / 2, 90))]
    outline += [corners[1] + v for v in ((10, 60), (12, 14))]
    cv2.fillPoly(covered, [np.array(outline, np.int32)], (230, 200, 160))
    seen = judge(settings)(covered, face)
    assert (seen.unusable is Unusable.MASK) is expected
    # enrolment never takes a masked face
    assert judge(settings, enrolment=True)(covered, face).unusable is not None


def test_enrolment_asks_for_more_than_the_gate() -> None:
    for name in ("size", "sharpness", "darkest", "eyes_open", "overall"):
        assert getattr(ENROLMENT, name) > getattr(GATE, name)
    for name in ("brightest", "backlight", "yaw", "pitch", "cut_off"):
        assert getattr(ENROLMENT, name) < getattr(GATE, name)


def test_the_confidence_of_dlibs_detector_is_not_taken_for_yunets() -> None:
    image, face = portrait()
    unsure = dataclasses.replace(face, score=0.1)
    assert assess(image, unsure, GATE).quality == assess(image, face, GATE).quality
