"""Vectors are kept, and a stopped run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.evaluation.embedding import embed
from gate.evaluation.photos import Photo
from gate.recognition.encoders.encoder import AlignedCrops, SimilarityStatistics
from gate.recognition.face import Face, Image, Vector


class Detector:
    """A face wherever the picture is not black."""

    name = "bright"

    def detect(
        self, image: Image, regions: Sequence[tuple[float, float, float, float]] | None = None
    ) -> list[Face]:
        return [Face((0, 0, 8, 8), 1.0)] if image.any() else []


class Encoder:
    name, dimension, similarity = "mean/1", 3, SimilarityStatistics(0.9, 0.5)

    def __init__(self, break_after: int = 1000) -> None:
        self.encoded, self._left = 0, break_after

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        return np.stack([image for _ in faces])

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        if self.encoded == self._left:
            raise KeyboardInterrupt
        self.encoded += len(crops)
        means = crops.reshape(len(crops), -1, 3).mean(axis=1).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    found = []
    for number in range(5):
        image = np.full((8, 8, 3), (40 * number, 10, 0), np.uint8) if number else 0 * np.ones(
            (8, 8, 3), np.uint8
        )  # fmt: skip
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), image)
        found.append(Photo(path, path.stem, "a"))
    return found


def test_each_photograph_has_its_row_and_a_missing_face_is_said(
    photos: list[Photo], tmp_path: Path
) -> None:
    made = embed(photos, Encoder(), Detector(), tmp_path / "cache", "t")
    assert made.found.tolist() == [False, True, True, True, True]
    assert made.vectors.shape == (5, 3)
    assert not made.vectors[0].any()
    assert made.vectors[2] == pytest.approx(np.array([80, 10, 0]) / np.hypot(80, 10))


def test_a_second_run_encodes_nothing(photos: list[Photo], tmp_path: Path) -> None:
    first = embed(photos, Encoder(), Detector(), tmp_path / "cache", "t")
    encoder = Encoder()
    again = embed(photos[::-1], encoder, Detector(), tmp_path / "cache", "t")
    assert encoder.encoded == 0
    assert np.array_equal(again.vectors, first.vectors[::-1])


def test_a_run_that_was_stopped_goes_on(photos: list[Photo], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        embed(photos, Encoder(break_after=2), Detector(), tmp_path / "cache", "t")
    encoder = Encoder()
    embed(photos, encoder, Detector(), tmp_path / "cache", "t")
    assert encoder.encoded == 2


def test_a_changed_photograph_is_encoded_anew(photos: list[Photo], tmp_path: Path) -> None:
    embed(photos, Encoder(), Detector(), tmp_path / "cache", "t")
    cv2.imwrite(str(photos[1].path), np.full((9, 9, 3), 200, np.uint8))
    encoder = Encoder()
    embed(photos, encoder, Detector(), tmp_path / "cache", "t")
    assert encoder.encoded == 1


def test_a_cache_that_is_cut_off_is_made_anew(photos: list[Photo], tmp_path: Path) -> None:
    embed(photos, Encoder(), Detector(), tmp_path / "cache", "t")
    file = next((tmp_path / "cache").glob("*.npz"))
    file.write_bytes(file.read_bytes()[:100])
    made = embed(photos, Encoder(), Detector(), tmp_path / "cache", "t")
    assert made.found.sum() == 4
