"""An encoder whose faces are cut out by landmarks that were read a second time."""

from __future__ import annotations

from collections.abc import Sequence

from gate.recognition.detection.landmarks import LandmarkReader
from gate.recognition.encoders.encoder import Chips, Encoder, Likeness
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
        self.likeness: Likeness = encoder.likeness

    def chips(self, image: Image, faces: Sequence[Face]) -> Chips:
        again = [
            face if face.landmarks is None else self._reader.read(image, face) for face in faces
        ]
        return self._encoder.chips(image, again)

    def encode(self, chips: Chips, *, brief: bool = False) -> Vector:
        return self._encoder.encode(chips, brief=brief)
