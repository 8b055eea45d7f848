"""What most programs do today, as an encoder: dlib's network as ``face_recognition`` uses it."""

from __future__ import annotations

from collections.abc import Sequence

from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.encoders.encoder import AlignedCrops
from gate.recognition.face import Face, Image, Vector


class UsualRecipe:
    """Vectors neither mirrored nor brought to unit length, for ``ways.usual``."""

    name = "usual-recipe/1"
    tolerance = 0.6  # the default of ``face_recognition.compare_faces``

    def __init__(self, dlib: DlibEncoder) -> None:
        self._dlib = dlib
        self.dimension = dlib.dimension
        self.similarity = dlib.similarity

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """The faces as the recipe crops them, uint8 (n, 150, 150, 3)."""
        return self._dlib.crops(image, faces)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Vectors of the crops, float32 (n, 128), as the recipe compares them."""
        return self._dlib.descriptors(crops)
