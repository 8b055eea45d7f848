"""The five landmarks of a face read a second time, at the scale that serves encoders best.

A detector searches at a scale at which it is fast; what an encoder sees depends on its landmarks
more than on anything else. So they are read again, of the faces that are encoded only. Which scale
is best was chosen by the errors it causes, see docs/recognition.md.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from gate.errors import ModelError
from gate.recognition.box import Box, overlap
from gate.recognition.face import Face, Image

FACE = 160  # pixels a face's longer side measures where its landmarks are read
SIDE = 320  # of the square in which it is
_SCORE = 0.3  # the face is known to be there
_SAME = 0.4  # intersection over union above which what was found is the face


class LandmarkReader:
    """YuNet on the surroundings of one face, brought to ``FACE`` pixels. Safe from any thread."""

    version = str(FACE)

    def __init__(self, file: Path) -> None:
        """Raises ModelError when ``file`` is not YuNet."""
        self._lock = threading.Lock()
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            self._network = cv2.FaceDetectorYN.create(str(file), "", (SIDE, SIDE), _SCORE)
        except cv2.error as error:
            raise ModelError(
                f"not a YuNet model: {error.err}",
                where=str(file),
                mend="install the models again",
            ) from None
        finally:
            cv2.utils.logging.setLogLevel(level)

    def read(self, image: Image, face: Face) -> Face:
        """The face with its landmarks read again; as it was where it is not found again."""
        left, top, right, bottom = face.box
        side = max(right - left, bottom - top, 1.0)
        scale = FACE / side
        half = SIDE / 2 / scale
        x0 = max(0, round((left + right) / 2 - half))
        y0 = max(0, round((top + bottom) / 2 - half))
        x1, y1 = round((left + right) / 2 + half), round((top + bottom) / 2 + half)
        crop = image[y0 : max(y0, y1), x0 : max(x0, x1)]
        if crop.size == 0:
            return face
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        width = min(SIDE, max(1, round(crop.shape[1] * scale)))
        height = min(SIDE, max(1, round(crop.shape[0] * scale)))
        canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
        canvas[:height, :width] = cv2.resize(crop, (width, height), interpolation=how)
        with self._lock:
            _, rows = self._network.detect(canvas)
        x_scale, y_scale = width / crop.shape[1], height / crop.shape[0]
        corner = np.array((x0, y0), np.float32)
        factors = np.array((x_scale, y_scale), np.float32)
        best, most = None, _SAME
        for row in () if rows is None else rows:
            upper = row[:2] / factors + corner
            lower = (row[:2] + row[2:4]) / factors + corner
            box: Box = (float(upper[0]), float(upper[1]), float(lower[0]), float(lower[1]))
            common = overlap(face.box, box)
            if common > most:
                best, most = row, common
        if best is None:
            return face
        points = best[4:14].reshape(5, 2) / factors + corner
        return replace(face, landmarks=points.astype(np.float32))
