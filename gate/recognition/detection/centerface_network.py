"""CenterFace (Xu et al. 2019), the network: faces as points of a heat map.

For each cell of four by four pixels it gives the likelihood that a face's middle lies there, the
face's height and width, the middle's offset within the cell, and five landmarks. The published
graph fixes the size of the picture and lists its weights among the inputs; both are changed when it
is loaded.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.detection.free_network import free_session, padded, planes
from gate.recognition.face import Image

CELL = 4  # pixels
_OUTPUTS = [["n", planes, "rows", "columns"] for planes in (1, 2, 2, 10)]
_OVERLAP = 0.3  # intersection over union above which two detections are one face

Rows = NDArray[np.float32]


class CenterFaceNetwork:
    """Safe to use from several threads."""

    def __init__(self, file: Path, *, threads: int = 0) -> None:
        """Raises ModelError when ``file`` cannot be read or is another network."""
        self._session = free_session(file, ["n", 3, "height", "width"], _OUTPUTS, threads=threads)
        self._input = self._session.get_inputs()[0].name

    def rows(self, picture: Image, score: float) -> Rows:
        """Faces with at least ``score``, best first, in the layout of ``cv2.FaceDetectorYN``.

        Args:
            picture: BGR, of any size; it is padded with black to multiples of 32.

        Returns:
            float32 (n, 15): left, top, width, height, five points x and y, score; pixels.
        """
        rgb = planes(padded(picture)[..., ::-1])
        heat, sizes, offsets, points = self._session.run(None, {self._input: rgb})
        return decoded(heat[0, 0], sizes[0], offsets[0], points[0], score)


def decoded(heat: Rows, sizes: Rows, offsets: Rows, points: Rows, score: float) -> Rows:
    """Detections from the four maps of one picture, as ``CenterFaceNetwork.rows`` gives them.

    Args:
        heat: float32 (h, w).
        sizes: float32 (2, h, w), logarithms of height and width in cells.
        offsets: float32 (2, h, w), down and right, in cells.
        points: float32 (10, h, w), y and x of each landmark in heights and widths of the box.
    """
    down, right = np.nonzero(heat > score)
    if not len(down):
        return np.empty((0, 15), np.float32)
    scores = heat[down, right]
    tall, wide = np.exp(sizes[:, down, right]) * CELL
    middle_y = (down + offsets[0, down, right] + 0.5) * CELL
    middle_x = (right + offsets[1, down, right] + 0.5) * CELL
    left, top = middle_x - wide / 2, middle_y - tall / 2
    marks = points[:, down, right]
    x = marks[1::2] * wide + left
    y = marks[0::2] * tall + top
    rows = np.concatenate(
        [
            np.stack([left, top, wide, tall]),
            np.stack([x, y], axis=1).reshape(10, -1),
            scores[None],
        ]
    ).T.astype(np.float32)
    boxes = rows[:, :4].tolist()
    kept = cv2.dnn.NMSBoxes(boxes, scores.astype(float).tolist(), score, _OVERLAP)
    best: Rows = rows[np.asarray(kept, np.intp).ravel()]
    return best[np.argsort(-best[:, 14], kind="stable")]
