"""A picture of 200 faces costs no more than that of a few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gate.recognition.detection import detector as module
from gate.recognition.detection.detector import MOST_FACES, HogDetector, YuNetDetector, nearest
from gate.recognition.face import Face


def faces(count: int) -> list[Face]:
    return [Face((0.0, 0.0, 20.0 + n, 20.0 + n), 0.9) for n in range(count)]


def test_the_largest_are_kept_in_their_order() -> None:
    kept = nearest(faces(200))
    assert [face.box[2] for face in kept] == [20.0 + n for n in range(200 - MOST_FACES, 200)]
    assert nearest(faces(5)) == faces(5)
    assert len(nearest([Face((0.0, 0.0, 9.0, 9.0), 0.9)] * 200)) == MOST_FACES


@pytest.mark.slow
def test_the_basic_detector_finds_landmarks_of_the_largest_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[Any] = []
    many = [Face((60.0 * n, 0.0, 60.0 * n + 50, 50.0), 0.9) for n in range(200)]
    detector = HogDetector()
    monkeypatch.setattr(detector, "_search", lambda *given: many)
    monkeypatch.setattr(module, "five_points", lambda rgb, box: calls.append(box))
    monkeypatch.setattr(module, "landmarks_of", lambda points: np.zeros((5, 2), np.float32))
    found = detector.detect(np.zeros((64, 64, 3), np.uint8))
    assert len(found) == len(calls) == MOST_FACES


def test_yunet_looks_closely_at_the_largest_only() -> None:
    rows = np.array([[n, 0, 20 + n, 20 + n, *[0] * 11] for n in range(200)], np.float32)
    detector = YuNetDetector.__new__(YuNetDetector)
    detector._min_face = 60
    detector._coarse = lambda image: rows  # type: ignore[assignment]
    regions = detector._everywhere(np.zeros((480, 640, 3), np.uint8))
    assert len(regions) == MOST_FACES
