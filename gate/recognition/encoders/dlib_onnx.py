"""dlib's ResNet (Davis King 2017, weights CC0) run by ONNX Runtime, ten times faster.

The picture is cut out by dlib itself, so the vectors are those of ``face_recognition``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib  # type: ignore[import-untyped]
import numpy as np

from gate.models.convert import dlib_weights
from gate.models.convert.cache import converted
from gate.recognition.detection import dlib_points
from gate.recognition.detection.align import similarity
from gate.recognition.encoders.encoder import (
    AlignedCrops,
    SimilarityStatistics,
    planes,
    with_mirror,
)
from gate.recognition.encoders.retail_0095 import POINTS
from gate.recognition.face import Face, Image, Vector
from gate.recognition.runtime import Network

PADDING = 0.25
# The box of dlib's HOG detector about a face whose landmarks lie on retail-0095's: its middle and
# side, in sides of the aligned crop. Median of 1,375 photographs of LFW.
_HOG_MIDDLE, _HOG_SIDE = (0.4670, 0.6214), 0.8619


class DlibEncoder:
    """Any network in dlib's own file format; its official one unless a file is named."""

    dimension = dlib_weights.DIMENSION
    similarity = SimilarityStatistics(continues=0.97, apart=0.958)

    def __init__(
        self, cache: Path, *, file: Path | None = None, mirror: bool = True, threads: int = 0
    ) -> None:
        """Raises ModelError.

        Args:
            cache: folder that keeps the converted model.
            file: weights of another training; None takes those of face_recognition_models.
            mirror: add the mirror image's vector. False gives face_recognition's very vectors.
            threads: cores a run may use; 0 is all of them.
        """
        source = file or dlib_points.model_file(dlib_points.ENCODER_FILE)
        model = converted([source], dlib_weights.to_onnx, cache)
        self._network = Network(model, threads=threads, where=str(source))
        self._mirror = mirror
        name = "dlib/1"
        if file is not None:
            name = f"{file.stem}/{hashlib.sha256(model).hexdigest()[:8]}"
        self.name = name if mirror else name + "-plain"

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, 150, 150, 3), BGR."""
        side = dlib_weights.CROP
        if not faces:
            return np.empty((0, side, side, 3), np.uint8)
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        cut = [
            dlib.get_face_chip(rgb, dlib_points.shape(rgb, hog_box(face)), side, PADDING)
            for face in faces
        ]
        return np.stack(cut)[..., ::-1]

    def descriptors(self, crops: AlignedCrops) -> Vector:
        """What the network gives, float32 (n, 128), not brought to unit length."""
        return self._network.run(planes(crops, rgb=True))

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, 128), of aligned crops, uint8 (n, side, side, 3)."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        return with_mirror(self.descriptors, crops, mirror=self._mirror)


def hog_box(face: Face) -> tuple[float, float, float, float]:
    """The box dlib's landmarks expect, pixels: its detector's, or what that would have given."""
    if face.detector in ("hog", "") or face.landmarks is None:
        return face.box
    matrix = similarity(POINTS, face.landmarks)
    x, y = matrix[:, :2] @ _HOG_MIDDLE + matrix[:, 2]
    half = _HOG_SIDE / 2 * float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return float(x - half), float(y - half), float(x + half), float(y + half)
