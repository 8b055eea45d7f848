"""``face_recognition`` itself, slow and unaltered: what the other encoders are held against."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import dlib  # type: ignore[import-untyped]
import numpy as np

from gate.recognition.detection import dlib_points
from gate.recognition.encoders.dlib_onnx import PADDING, hog_box
from gate.recognition.encoders.encoder import AlignedCrops, SimilarityStatistics, unit_rows
from gate.recognition.face import Face, Image, Vector

SIDE = 150


class ReferenceEncoder:
    """dlib's own network as ``face_recognition`` runs it; no mirror image."""

    name = "dlib/1-plain"  # the same vectors as DlibEncoder(mirror=False), so the same name
    dimension = 128
    similarity = SimilarityStatistics(
        continues=0.965, apart=0.95
    )  # without the mirror image less alike

    def __init__(self) -> None:
        """Raises ModelError when the files of face_recognition_models are missing."""
        file = dlib_points.model_file(dlib_points.ENCODER_FILE)
        self._network = dlib.face_recognition_model_v1(str(file))

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, 150, 150, 3), BGR."""
        if not faces:
            return np.empty((0, SIDE, SIDE, 3), np.uint8)
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        cut = [
            dlib.get_face_chip(rgb, dlib_points.shape(rgb, hog_box(face)), SIDE, PADDING)
            for face in faces
        ]
        return np.stack(cut)[..., ::-1]

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, 128), of aligned crops, uint8 (n, side, side, 3)."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        rows = [
            np.array(self._network.compute_face_descriptor(np.ascontiguousarray(crop[..., ::-1])))
            for crop in crops
        ]
        return unit_rows(np.stack(rows).astype(np.float32))
