"""Intel's face-reidentification-retail-0095 (Apache-2.0), rewritten as ONNX.

256 values, cosine; a MobileNetV2 (Sandler et al. 2018) with squeeze-and-excitation (Hu et al.
2018). In floating point it runs as fast in
ONNX Runtime as in OpenVINO, with the same vectors within 1e-6; see docs/evidence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from gate.models.convert import openvino_ir
from gate.models.convert.cache import converted
from gate.recognition.detection import align
from gate.recognition.encoders.encoder import (
    AlignedCrops,
    SimilarityStatistics,
    planes,
    unit_rows,
    with_mirror,
)
from gate.recognition.face import Face, Image, Vector
from gate.recognition.runtime import Network

SIDE = 128  # of the picture the network takes
MARGIN = 8  # pixels more on each side of an aligned crop, for the second cut
WIDE, LOWER = 136, 3  # the second cut: its side and how far its middle lies below the first's
# where the landmarks lie, in sides of the picture: the model's own documentation
POINTS = np.array(
    [(0.3156, 0.4616), (0.6826, 0.4616), (0.5003, 0.6405), (0.3495, 0.8247), (0.6534, 0.8247)],
    dtype=np.float32,
)


class Retail0095:
    """The encoder recommended where its files are installed.

    A face is looked at four times: cut out as the model's documentation has it and once a little
    wider and lower, each with its mirror image. What a cut does to the vector by chance averages
    out; see docs/recognition.md for what it brings. A brief look leaves the second cut out, and
    the mirror image too where another encoder beside this one makes up for it.
    """

    name = "retail-0095/2"
    dimension = 256
    similarity = SimilarityStatistics(continues=0.68, apart=0.69)

    def __init__(
        self,
        xml: Path,
        cache: Path,
        *,
        mirror: bool = True,
        brief_mirror: bool = True,
        threads: int = 0,
    ) -> None:
        """Raises ModelError.

        Args:
            xml: the model in OpenVINO's format; the .bin lies beside it.
            cache: folder that keeps the converted model.
            mirror: look four times. False looks once, at the documented cut.
            brief_mirror: whether a brief look is two or one.
            threads: cores a run may use; 0 is all of them.
        """
        model = converted([xml, xml.with_suffix(".bin")], openvino_ir.to_onnx, cache)
        self._network = Network(model, threads=threads, where=str(xml))
        self._mirror = mirror
        self._brief_mirror = mirror and brief_mirror
        if not mirror:
            self.name += "-plain"

    def crops(self, image: Image, faces: Sequence[Face]) -> AlignedCrops:
        """Each face aligned for this encoder, uint8 (n, side, side, 3), BGR.

        Raises RecognitionError when a face has no landmarks.
        """
        return align.crops(image, faces, POINTS * SIDE + MARGIN, SIDE + 2 * MARGIN)

    def encode(self, crops: AlignedCrops, *, brief: bool = False) -> Vector:
        """Unit vectors, float32 (n, 256), of aligned crops, uint8 (n, side, side, 3)."""
        if not len(crops):
            return np.empty((0, self.dimension), np.float32)
        if brief or not self._mirror:
            return with_mirror(self._run, _documented(crops), mirror=self._brief_mirror)
        both = np.concatenate([_documented(crops), _wider(crops)])
        vectors = with_mirror(self._run, both, mirror=True)
        return unit_rows(vectors[: len(crops)] + vectors[len(crops) :])

    def _run(self, crops: AlignedCrops) -> Vector:
        return self._network.run(planes(crops, rgb=False))


def _documented(crops: AlignedCrops) -> AlignedCrops:
    return crops[:, MARGIN:-MARGIN, MARGIN:-MARGIN]


def _wider(crops: AlignedCrops) -> AlignedCrops:
    left = MARGIN - (WIDE - SIDE) // 2
    top = left + LOWER
    cuts = crops[:, top : top + WIDE, left : left + WIDE]
    return np.stack([np.asarray(cv2.resize(cut, (SIDE, SIDE)), np.uint8) for cut in cuts])
