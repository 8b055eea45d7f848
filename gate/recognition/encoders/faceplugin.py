"""The encoder of the npm package ``faceplugin-face-recognition-js`` (MIT by its package file).

512 values, cosine; faces aligned to the template of ArcFace (Deng et al. 2019). Its publisher does
not state what it was trained on; ``[models] provenance`` excludes it where that is not acceptable.
docs/recognition.md has the error rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gate.recognition.detection import align
from gate.recognition.encoders.encoder import (
    AlignedCrops,
    SimilarityStatistics,
    planes,
    with_mirror,
)
from gate.recognition.face import Face, Image, Vector
from gate.recognition.runtime import model_file, prelu_network

SIDE = 112  # of the picture the network takes
# where the landmarks lie, in pixels of that picture: the template of ArcFace (Deng et al. 2019)
POINTS = np.array(
    [(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)],
    dtype=np.float32,
)


class Faceplugin:
    """A face is looked at twice, as it is and mirrored; once where a brief look will do."""

    name = "faceplugin/1"
    dimension = 512
    similarity = SimilarityStatistics(continues=0.65, apart=0.70)

    def __init__(self, file: Path, *, mirror: bool = True, threads: int = 0) -> None:
        """Raises ModelError when ``file`` cannot be read or is another network.

        Args:
            mirror: add the mirror image's vector.
            threads: cores a run may use; 0 is all of them.
        """
        self._network = prelu_network(model_file(file), threads=threads, where=str(file))
        self._mirror = mirror
        if not mirror:
            self.name += "-plain"

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, side, side, 3), BGR.

        Raises RecognitionError when a face has no landmarks.
        """
        return align.crops(image, faces, POINTS, SIDE)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, d), of aligned crops, uint8 (n, side, side, 3)."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        return with_mirror(self._run, crops, mirror=self._mirror and not brief)

    def _run(self, crops: AlignedCrops) -> Vector:
        batch = (planes(crops, rgb=False) - np.float32(127)) / np.float32(128)
        # the graph takes one picture at a time
        rows = [self._network.run(batch[at : at + 1])[0] for at in range(len(batch))]
        return np.stack(rows)
