"""The five landmarks of a face read a second time, as serves encoders best.

A detector searches with a network and at a scale at which it is fast; what an encoder sees depends
on the landmarks more than on anything else. So they are read again, of the faces that are encoded
only. Network and scale were chosen by the errors they cause; see docs/recognition.md.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import cv2
import numpy as np

from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.box import Box, overlap
from gate.recognition.detection.centerface_network import CenterFaceNetwork
from gate.recognition.detection.yunet_network import Rows, yunet_rows
from gate.recognition.face import Face, Image

_SCORE = 0.2  # the face is known to be there
_SAME = 0.35  # intersection over union above which what was found is the face


class LandmarkReader:
    """A network looks at the surroundings of one face. Safe from any thread."""

    def __init__(self, rows: Rows, face: int, side: int, version: str) -> None:
        """
        Args:
            rows: the network; called by one thread at a time.
            face: pixels the longer side of a face measures where its landmarks are read.
            side: pixels of the square in which it is.
            version: goes into the names of encoders, so that templates are told apart.
        """
        self.version = version
        self._rows, self._face, self._side = rows, face, side
        self._lock = threading.Lock()

    def read(self, image: Image, face: Face) -> Face:
        """The face with its landmarks read again; as it was where it is not found again.

        Args:
            image: BGR, uint8 (H, W, 3).
            face: with its box in pixels of ``image``.
        """
        left, top, right, bottom = face.box
        scale = self._face / max(right - left, bottom - top, 1.0)
        half = self._side / 2 / scale
        x, y = (left + right) / 2, (top + bottom) / 2
        x0, y0 = max(0, round(x - half)), max(0, round(y - half))
        crop = image[y0 : max(0, round(y + half)), x0 : max(0, round(x + half))]
        if crop.size == 0:
            return face
        size = np.array(crop.shape[1::-1])
        width, height = np.clip(np.round(size * scale), 1, self._side).astype(int).tolist()
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas = np.zeros((self._side, self._side, 3), np.uint8)
        canvas[:height, :width] = cv2.resize(crop, (width, height), interpolation=how)
        with self._lock:
            rows = self._rows(canvas)
        factors = (np.array([width, height]) / size).astype(np.float32)
        corner = np.array([x0, y0], np.float32)
        best, most = None, _SAME
        for row in rows:
            corners = np.concatenate([row[:2], row[:2] + row[2:4]]).reshape(2, 2) / factors + corner
            edges = corners.ravel().tolist()
            box: Box = (edges[0], edges[1], edges[2], edges[3])
            common = overlap(face.box, box)
            if common > most:
                best, most = row, common
        if best is None:
            return face
        points = best[4:14].reshape(5, 2) / factors + corner
        return replace(face, landmarks=points.astype(np.float32))


def build_reader(models: ModelsSettings, threads: int = 0) -> LandmarkReader | None:
    """CenterFace where it is installed, else YuNet; None where neither is.

    Raises ModelError when an installed file is another network.
    """
    file = find("centerface", models)
    if file is not None:
        network = CenterFaceNetwork(file, threads=threads)
        return LandmarkReader(lambda picture: network.rows(picture, _SCORE), 128, 192, "c128")
    file = find("yunet", models)
    if file is not None:
        return LandmarkReader(yunet_rows(file, _SCORE), 192, 384, "y192")
    return None
