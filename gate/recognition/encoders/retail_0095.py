"""Intel's face-reidentification-retail-0095 (Apache-2.0), rewritten as ONNX.

256 values, cosine; a MobileNetV2 with squeeze-and-excitation. In floating point it runs as fast in
ONNX Runtime as in OpenVINO, with the same vectors within 1e-6; see docs/evidence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gate.errors import RecognitionError
from gate.recognition import align, openvino_ir
from gate.recognition.conversion import converted
from gate.recognition.encoders.encoder import Chips, Likeness, planes, with_mirror
from gate.recognition.face import Face, Image, Vector
from gate.recognition.runtime import Network

SIDE = 128
# where the landmarks lie, in sides of the picture: the model's own documentation
POINTS = np.array(
    [(0.3156, 0.4616), (0.6826, 0.4616), (0.5003, 0.6405), (0.3495, 0.8247), (0.6534, 0.8247)],
    dtype=np.float32,
)


class Retail0095:
    """The encoder recommended where its files are installed."""

    name = "retail-0095/fp16"
    dimension = 256
    likeness = Likeness(continues=0.68, apart=0.69)

    def __init__(self, xml: Path, cache: Path, *, mirror: bool = True, threads: int = 0) -> None:
        """Raises ModelError.

        Args:
            xml: the model in OpenVINO's format; the .bin lies beside it.
            cache: folder that keeps the converted model.
            mirror: add the mirror image's vector.
            threads: cores a run may use; 0 is all of them.
        """
        model = converted([xml, xml.with_suffix(".bin")], openvino_ir.to_onnx, cache)
        self._network = Network(model, threads=threads, where=str(xml))
        self._mirror = mirror
        if not mirror:
            self.name += "-plain"

    def chips(self, image: Image, faces: Sequence[Face]) -> Chips:
        if any(face.landmarks is None for face in faces):
            raise RecognitionError("this encoder needs the five landmarks of a face")
        cut = [
            align.chip(image, face.landmarks, POINTS * SIDE, SIDE)
            for face in faces
            if face.landmarks is not None
        ]
        return np.stack(cut) if cut else np.empty((0, SIDE, SIDE, 3), np.uint8)

    def encode(self, chips: Chips) -> Vector:
        if not len(chips):
            return np.empty((0, self.dimension), np.float32)
        return with_mirror(self._run, chips, mirror=self._mirror)

    def _run(self, chips: Chips) -> Vector:
        return self._network.run(planes(chips, rgb=False))
