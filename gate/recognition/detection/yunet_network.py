"""YuNet (Wu, Peng and Yu 2023; MIT), the network, by OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.recognition.face import Image

# a picture (BGR) to detections in the layout of cv2.FaceDetectorYN: float32 (n, 15), left, top,
# width, height, five points x and y, score; pixels
Rows = Callable[[Image], NDArray[np.float32]]


def yunet_rows(file: Path, score: float) -> Rows:
    """The network as a function for one thread; it plans again when the picture's size changes.

    Raises ModelError when ``file`` is not YuNet.
    """
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        network = cv2.FaceDetectorYN.create(str(file), "", (320, 320), score)
    except cv2.error as error:
        raise ModelError(
            f"not a YuNet model: {error.err}", where=str(file), hint="install the models again"
        ) from None
    finally:
        cv2.utils.logging.setLogLevel(level)

    def rows(picture: Image) -> NDArray[np.float32]:
        network.setInputSize((picture.shape[1], picture.shape[0]))
        found = network.detect(picture)[1]
        return np.empty((0, 15), np.float32) if found is None else np.asarray(found, np.float32)

    return rows
