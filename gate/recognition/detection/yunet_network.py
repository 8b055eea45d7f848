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
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.convert.onnx_edit import free_input
from gate.recognition.face import Image

# a picture (BGR) to detections in the layout of cv2.FaceDetectorYN: float32 (n, 15), left, top,
# width, height, five points x and y, score; pixels
Rows = Callable[[Image], NDArray[np.float32]]

STRIDES = (8, 16, 32)  # pixels of a cell
MULTIPLE = 32  # sides of a picture are multiples of it
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
    try:
        model = free_input(file.read_bytes(), [1, 3, "height", "width"], _OUTPUTS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        entry = session.get_inputs()[0].name
        if [output.name for output in session.get_outputs()] != _NAMES:
            raise ModelError(
                "not a YuNet model: its outputs have other names",
                where=str(file),
                hint="install the models again with `gate models fetch`",
            )
    except OSError as error:
        raise ModelError(
            f"a model file cannot be read: {error.strerror}",
            where=str(file),
            hint="install the models again with `gate models fetch`",
        ) from None
    except ModelError as error:
        raise ModelError(error.what, where=str(file), hint="install the models again") from None
    except Exception as error:  # the runtime's own exceptions share no base class
        raise ModelError(
            f"not a YuNet model: {str(error).splitlines()[0][:200]}",
            where=str(file),
            hint="install the models again",
        ) from None

    def rows(picture: Image) -> NDArray[np.float32]:
        height, width = picture.shape[:2]
        padded = cv2.copyMakeBorder(
            picture, 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_CONSTANT
        )
        planes = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32)
        return decoded(session.run(None, {entry: planes}), padded.shape[1], score)

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
