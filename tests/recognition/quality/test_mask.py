"""A mask is noticed; a bare face is left in peace."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gate.evaluation.faces_in import faces_in, photographs
from gate.models import ModelsSettings
from gate.recognition.detection.detector import HogDetector, build_detector
from gate.recognition.quality.mask import mask_crop, mask_score
from gate.recognition.settings import RecognitionSettings
from research.mask_drawing import disturbed, masked

FIXTURES = Path(__file__).parents[3] / "fixtures" / "photographs"
LFW = Path(os.environ.get("GATE_LFW_DIR", ""))
needs_data = pytest.mark.skipif(not (LFW / "images").is_dir(), reason="GATE_LFW_DIR is unset")


def crops() -> list[np.ndarray]:
    found = faces_in(photographs(FIXTURES), HogDetector(60), "fixtures")
    return [
        mask_crop(image, face.landmarks)
        for _, image, face in found
        if face is not None and face.landmarks is not None
    ]


@pytest.mark.slow
def test_nobody_in_the_portraits_wears_a_mask() -> None:
    faces = crops()
    assert len(faces) >= 4
    assert all(mask_score(crop) < 0 for crop in faces)


@pytest.mark.slow
def test_drawn_masks_on_the_portraits_are_noticed() -> None:
    random = np.random.default_rng(5)
    drawn = [masked(crop, random) for crop in crops() for _ in range(20)]
    noticed = np.mean([mask_score(crop) >= 0 for crop in drawn])
    assert noticed >= 0.9


@pytest.mark.slow
def test_light_sharpness_and_noise_do_not_make_a_mask() -> None:
    random = np.random.default_rng(6)
    bare = [disturbed(crop, random) for crop in crops() for _ in range(20)]
    assert np.mean([mask_score(crop) >= 0 for crop in bare]) <= 0.02


@pytest.mark.data
@needs_data
@pytest.mark.parametrize(("name", "worn"), [("masks", True), ("east_asian", False)])
def test_photographs_are_told_apart(name: str, worn: bool) -> None:
    folder = LFW.parent / name
    paths = photographs(folder)[::6][:60]
    detector = build_detector(RecognitionSettings(min_face=40), ModelsSettings())
    scores = [
        mask_score(mask_crop(image, face.landmarks))
        for _, image, face in faces_in(paths, detector, name)
        if face is not None and face.landmarks is not None
    ]
    assert len(scores) > 0.9 * len(paths) or not worn
    assert np.mean([(s >= 0) == worn for s in scores]) >= 0.95
