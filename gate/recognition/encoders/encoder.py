"""What every encoder can do, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Face, Image, Vector

AlignedCrops = NDArray[np.uint8]  # (n, side, side, 3), BGR


@dataclass(frozen=True, slots=True)
class SimilarityStatistics:
    """Cosines of an encoder's raw vectors between pictures of one person.

    Attributes:
        continues: a frame of a recording and the most alike earlier one hardly ever have less,
            and different people hardly ever more (recordings of three people, five minutes).
        apart: the mean cosine of two photographs of different occasions (LFW).
    """

    continues: float
    apart: float


class Encoder(Protocol):
    """Templates of encoders with different names are never compared with each other."""

    name: str  # with its version: "dlib/1", "retail-0095/fp16"
    dimension: int
    similarity: SimilarityStatistics

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face cut out of ``image`` in the encoder's own alignment.

        Args:
            image: uint8 (H, W, 3), BGR.

        Returns:
            uint8 (n, side, side, 3), BGR.
        """
        ...

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """float32 (n, dimension), rows of unit length.

        Args:
            brief: fewer views, for a face that was encoded a moment ago; the same as without
                where an encoder has no more.
        """
        ...


def encode_faces(encoder: Encoder, image: Image, faces: Sequence[Face]) -> Vector:
    """The vectors of the faces of one image, float32 (n, dimension), rows of unit length."""
    return encoder.encode(encoder.crops(image, faces))


def with_mirror(
    run: Callable[[AlignedCrops], Vector], crops: AlignedCrops, *, mirror: bool
) -> Vector:
    """Unit vectors of aligned crops, each the mean of the image's and its mirror image's.

    Args:
        run: the network: crops, uint8 (n, side, side, 3), to vectors, float32 (n, d).

    Returns:
        float32 (n, d).
    """
    if not mirror:
        return unit_rows(run(crops))
    both = unit_rows(run(np.concatenate([crops, crops[:, :, ::-1]])))
    return unit_rows(both[: len(crops)] + both[len(crops) :])


def unit_rows(vectors: NDArray[np.float32]) -> Vector:
    """Rows of unit length, float32 (n, d); a row of zeros stays zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def planes(crops: AlignedCrops, *, rgb: bool) -> NDArray[np.float32]:
    """Crops, uint8 (n, side, side, 3), as networks take them.

    Returns:
        float32 (n, 3, side, side), 0 to 255.
    """
    colours = crops[..., ::-1] if rgb else crops
    return np.ascontiguousarray(colours.transpose(0, 3, 1, 2), dtype=np.float32)
