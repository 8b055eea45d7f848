"""Several encoders side by side, as one encoder.

The vector of a face is the encoders' unit vectors joined, each scaled by the square root of its
share; so a cosine of joined vectors is the mean of the encoders' cosines, weighted by the shares,
and everything that follows (whitening, cohorts, calibration) treats it as any other encoder's.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gate.recognition.encoders.encoder import AlignedCrops, Encoder, SimilarityStatistics, unit_rows
from gate.recognition.face import Face, Image, Vector


class Composite:
    """Encoders whose errors differ; docs/recognition.md says what joining brings."""

    def __init__(
        self, name: str, parts: Sequence[tuple[Encoder, float]], similarity: SimilarityStatistics
    ) -> None:
        """
        Args:
            name: with a version, as ``Encoder.name``; it has to change with the parts' versions.
            parts: encoders and their shares of the score; shares sum to one.
            similarity: of the joined vectors, measured.

        Raises:
            ValueError: when the shares do not sum to one.
        """
        if abs(sum(share for _, share in parts) - 1) > 1e-6:
            raise ValueError("the shares of the encoders have to sum to one")
        self.name = name
        self.similarity = similarity
        self.dimension = sum(encoder.dimension for encoder, _ in parts)
        self._encoders = [encoder for encoder, _ in parts]
        self._scales = [np.float32(share**0.5) for _, share in parts]
        nothing = np.zeros((1, 1, 3), np.uint8)
        self._sides = [encoder.crops(nothing, ()).shape[1] for encoder, _ in parts]
        # ONNX Runtime releases the interpreter's lock: the parts run on different cores
        self._pool = ThreadPoolExecutor(max(1, len(parts) - 1), thread_name_prefix="encoder")

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """The crops of all encoders side by side, uint8 (n, tallest, sum of widths, 3).

        What is below a crop that is less tall is black, and is cut off again by ``encode``.
        """
        parts = [encoder.crops(image, faces) for encoder in self._encoders]
        tallest = max(self._sides)
        return np.concatenate(
            [
                np.pad(part, ((0, 0), (0, tallest - part.shape[1]), (0, 0), (0, 0)))
                for part in parts
            ],
            axis=2,
        )

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors of all encoders side by side, float32 (n, sum of d), of such crops."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        starts = np.concatenate([[0], np.cumsum(self._sides)])
        parts = [
            np.ascontiguousarray(crops[:, :side, start : start + side])
            for start, side in zip(starts, self._sides, strict=False)
        ]
        first, *others = zip(self._encoders, parts, strict=True)
        running = [self._pool.submit(one.encode, part, brief=brief) for one, part in others]
        rows = [first[0].encode(first[1], brief=brief), *(one.result() for one in running)]
        return unit_rows(
            np.concatenate(
                [row * scale for row, scale in zip(rows, self._scales, strict=True)], axis=1
            )
        )
