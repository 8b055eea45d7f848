"""An encoder whose faces are cut out by landmarks that were read a second time."""

from __future__ import annotations

from collections.abc import Sequence

from gate.recognition.detection.landmarks import LandmarkReader
from gate.recognition.encoders.encoder import AlignedCrops, Encoder, SimilarityStatistics
from gate.recognition.face import Face, Image, Vector


class Refined:
    """An encoder whose faces are cut out by landmarks that were read again.

    Its templates are told apart from those of the same encoder by the detector's landmarks: the
    name carries the version of the cut.
    """

    def __init__(self, encoder: Encoder, reader: LandmarkReader) -> None:
        self._encoder, self._reader = encoder, reader
        self.name = f"{encoder.name}-{reader.version}"
        self.dimension = encoder.dimension
        self.similarity: SimilarityStatistics = encoder.similarity

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, side, side, 3), BGR."""
        again = [
            face if face.landmarks is None else self._reader.read(image, face) for face in faces
        ]
        return self._encoder.crops(image, again)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, d), of aligned crops, uint8 (n, side, side, 3)."""
        return self._encoder.encode(crops, brief=brief)
