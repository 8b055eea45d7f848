"""SFace (Zhong et al. 2021; Apache-2.0) of OpenCV's model zoo, through ``cv2.FaceRecognizerSF``.

128 values, cosine. OpenCV aligns and encodes, so the vectors are those of any other program that
uses the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from gate.errors import ModelError
from gate.recognition.detection.align import landmarks_of
from gate.recognition.encoders.encoder import AlignedCrops, SimilarityStatistics, with_mirror
from gate.recognition.face import Face, Image, Vector

SIDE = 112


class SFace:
    """An encoder for one thread at a time, as OpenCV's networks are."""

    dimension = 128
    # its publisher's threshold for one person is 0.363; not measured here
    similarity = SimilarityStatistics(continues=0.363, apart=0.6)

    def __init__(self, file: Path, *, mirror: bool = True) -> None:
        """Raises ModelError when ``file`` is not a model OpenCV can run.

        Args:
            mirror: add the mirror image's vector.
        """
        try:
            self._network = cv2.FaceRecognizerSF.create(str(file), "")
            width = self._network.feature(np.zeros((SIDE, SIDE, 3), np.uint8)).size
        except cv2.error as error:
            raise ModelError(
                f"not a model that OpenCV can run: {error.err or error}",
                where=str(file),
                hint="install it again with `gate models fetch sface`",
            ) from None
        if width != self.dimension:
            raise ModelError(
                f"not SFace: the model gives {width} values, not {self.dimension}",
                where=str(file),
                hint="install it again with `gate models fetch sface`",
            )
        self._mirror = mirror
        self.name = "sface/2021dec" if mirror else "sface/2021dec-plain"

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, 112, 112, 3), BGR.

        Raises RecognitionError when a face has no landmarks.
        """
        cut = [np.asarray(self._network.alignCrop(image, _row(face)), np.uint8) for face in faces]
        return np.stack(cut) if cut else np.empty((0, SIDE, SIDE, 3), np.uint8)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, 128), of aligned crops, uint8 (n, side, side, 3)."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        return with_mirror(self._run, crops, mirror=self._mirror)

    def _run(self, crops: AlignedCrops) -> Vector:
        rows = [self._network.feature(np.ascontiguousarray(crop)).ravel() for crop in crops]
        return np.asarray(np.stack(rows), np.float32)


def _row(face: Face) -> Vector:
    """The face as ``cv2.FaceDetectorYN`` would give it."""
    landmarks = landmarks_of(face)
    left, top, right, bottom = face.box
    box = np.array([left, top, right - left, bottom - top], np.float32)
    return np.concatenate([box, landmarks.ravel(), np.array([face.score], np.float32)])
