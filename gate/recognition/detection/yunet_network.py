"""YuNet (Wu, Peng and Yu 2023; MIT), the network, in ONNX Runtime.

For each cell of 8, 16 and 32 pixels it gives two likelihoods that a face's middle lies there, the
middle's offset and the face's size in cells, and five landmarks. The published graph fixes the size
of the picture; that is changed when it is loaded. The answers are those of ``cv2.FaceDetectorYN``
within 1e-3 pixels, in 0.4 to 0.7 of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.recognition.detection.free_network import free_session, padded, planes
from gate.recognition.face import Image

# a picture (BGR) to detections in the layout of cv2.FaceDetectorYN: float32 (n, 15), left, top,
# width, height, five points x and y, score; pixels
Rows = Callable[[Image], NDArray[np.float32]]

STRIDES = (8, 16, 32)  # pixels of a cell
_VALUES = (1, 1, 4, 10)  # of each cell: class, object, box, points
_OUTPUTS: list[list[int | str]] = [
    [1, f"cells{stride}", values] for values in _VALUES for stride in STRIDES
]
_NAMES = [f"{what}_{stride}" for what in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
_OVERLAP = 0.3  # intersection over union above which two detections are one face
_MOST = 5000  # detections compared with each other


def yunet_rows(file: Path, score: float, *, threads: int = 1) -> Rows:
    """The network as a function of a picture of any size; safe from several threads.

    Args:
        score: least score of a detection, 0 to 1.
        threads: cores a run may use; pictures are so small that one is quickest.

    Raises:
        ModelError: when ``file`` cannot be read or is another network.
    """
    session = free_session(
        file, [1, 3, "height", "width"], _OUTPUTS, threads=threads, otherwise="not a YuNet model"
    )
    if [output.name for output in session.get_outputs()] != _NAMES:
        raise ModelError(
            "not a YuNet model: its outputs have other names",
            where=str(file),
            hint="install the models again",
        )
    entry = session.get_inputs()[0].name

    def rows(picture: Image) -> NDArray[np.float32]:
        whole = padded(picture)
        return decoded(session.run(None, {entry: planes(whole)}), whole.shape[1], score)

    return rows


def decoded(
    outputs: Sequence[NDArray[np.float32]], width: int, score: float
) -> NDArray[np.float32]:
    """Detections from the maps of one picture, best first, float32 (n, 15) as of ``Rows``.

    Args:
        outputs: float32 (1, cells, values): class, object, box, points, each for every stride.
        width: pixels of the padded picture.
        score: least score of a detection.
    """
    found = []
    for k, stride in enumerate(STRIDES):
        classes, objects, boxes, points = (outputs[k + 3 * each][0] for each in range(4))
        scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        at = np.flatnonzero(scores >= score)
        if not len(at):
            continue
        cells = np.stack([at % (width // stride), at // (width // stride)], axis=1)
        cells = cells.astype(np.float32)
        middle = (cells + boxes[at, :2]) * stride
        size = np.exp(boxes[at, 2:]) * stride
        marks = (points[at].reshape(-1, 5, 2) + cells[:, None]) * stride
        parts = [middle - size / 2, size, marks.reshape(-1, 10), scores[at, None]]
        found.append(np.concatenate(parts, axis=1))
    if not found:
        return np.empty((0, 15), np.float32)
    rows = np.concatenate(found).astype(np.float32)
    kept = cv2.dnn.NMSBoxes(
        rows[:, :4].astype(int).tolist(), rows[:, 14].tolist(), score, _OVERLAP, 1.0, _MOST
    )
    best: NDArray[np.float32] = rows[np.asarray(kept, np.intp).ravel()]
    return best
