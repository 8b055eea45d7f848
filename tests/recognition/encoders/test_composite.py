"""Encoders side by side are one encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gate.recognition.detection.landmarks import LandmarkReader
from gate.recognition.encoders import SimilarityStatistics, encode_faces
from gate.recognition.encoders.composite import Composite
from gate.recognition.encoders.encoder import AlignedCrops, unit_rows
from gate.recognition.encoders.refined import Refined
from gate.recognition.face import Face, Image, Vector

SIMILARITY = SimilarityStatistics(0.7, 0.7)
IMAGE = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
FACES = [
    Face((10, 10, 60, 60), 0.9, np.full((5, 2), 10, np.float32)),
    Face((90, 40, 160, 110), 0.9, np.full((5, 2), 90, np.float32)),
]


class Corner:
    """The colours of a square at the first landmark."""

    similarity = SIMILARITY

    def __init__(self, side: int) -> None:
        self.name, self.side, self.dimension = f"corner/{side}", side, side * side
        self.brief: list[bool] = []

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        cut = []
        for face in faces:
            assert face.landmarks is not None
            x, y = face.landmarks[0].astype(int).tolist()
            cut.append(image[y : y + self.side, x : x + self.side])
        return np.stack(cut) if cut else np.empty((0, self.side, self.side, 3), np.uint8)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        self.brief.append(brief)
        return unit_rows(crops[..., 0].reshape(len(crops), -1).astype(np.float32) - 100)


def both(share: float = 0.3) -> tuple[Composite, Corner, Corner]:
    first, second = Corner(8), Corner(5)
    joined = Composite("both/1", ((first, share), (second, 1 - share)), SIMILARITY)
    return joined, first, second


def test_a_cosine_is_the_mean_of_the_parts_by_their_shares() -> None:
    joined, first, second = both(0.3)
    rows = encode_faces(joined, IMAGE, FACES)
    assert rows.shape == (2, joined.dimension) == (2, 64 + 25)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
    parts = [encode_faces(encoder, IMAGE, FACES) for encoder in (first, second)]
    expected = 0.3 * float(parts[0][0] @ parts[0][1]) + 0.7 * float(parts[1][0] @ parts[1][1])
    assert float(rows[0] @ rows[1]) == pytest.approx(expected, abs=1e-6)


def test_crops_may_be_encoded_later_and_by_themselves() -> None:
    joined, *_ = both()
    crops = joined.crops(IMAGE, FACES)
    fresh, *_ = both()
    assert np.array_equal(fresh.encode(crops[1:]), joined.encode(crops)[1:])


def test_a_brief_look_is_brief_for_every_part() -> None:
    joined, first, second = both()
    joined.encode(joined.crops(IMAGE, FACES), brief=True)
    assert first.brief == second.brief == [True]


def test_no_faces_give_no_rows() -> None:
    joined, *_ = both()
    assert encode_faces(joined, IMAGE, []).shape == (0, joined.dimension)


def test_shares_sum_to_one() -> None:
    with pytest.raises(ValueError, match="sum to one"):
        Composite("both/1", ((Corner(8), 0.5), (Corner(5), 0.6)), SIMILARITY)


class Moved(LandmarkReader):
    def __init__(self) -> None:
        super().__init__(lambda picture: np.empty((0, 15), np.float32), 128, 192, "moved")

    def read(self, image: Image, face: Face) -> Face:
        assert face.landmarks is not None
        return replace(face, landmarks=face.landmarks + 7)


def test_a_refined_encoder_sees_other_landmarks_and_has_another_name() -> None:
    corner = Corner(8)
    refined = Refined(corner, Moved())
    assert refined.name == "corner/8-moved"
    moved = [Moved().read(IMAGE, face) for face in FACES]
    assert np.array_equal(refined.crops(IMAGE, FACES), corner.crops(IMAGE, moved))
    assert not np.array_equal(refined.crops(IMAGE, FACES), corner.crops(IMAGE, FACES))


def test_a_face_without_landmarks_is_left_to_the_encoder() -> None:
    class Boxes(Corner):
        def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
            assert all(face.landmarks is None for face in faces)
            return np.zeros((len(faces), 8, 8, 3), np.uint8)

    assert len(Refined(Boxes(8), Moved()).crops(IMAGE, [Face((0, 0, 9, 9), 0.9)])) == 1
