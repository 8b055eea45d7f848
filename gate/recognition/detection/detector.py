"""Find faces in an image: YuNet or CenterFace where their files are, else dlib's HOG detector."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import dlib  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.box import Box, overlap
from gate.recognition.detection.centerface_network import CenterFaceNetwork
from gate.recognition.detection.dlib_points import five_points, landmarks_of
from gate.recognition.detection.yunet_network import Rows, yunet_rows
from gate.recognition.face import Face, Image
from gate.recognition.settings import RecognitionSettings

FINE_FACE = 96  # pixels a face measures where it is looked at closely
FINE_SIDE = 192  # of the square in which it is: faces twice as large still fit
MOST_FACES = 16  # of a frame looked at closely: a poster of 200 must not cost a second
_OVERLAP = 0.4  # intersection over union above which two boxes are one face


class Detector(Protocol):
    """Finds faces. Used by one thread at a time."""

    name: str

    def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
        """The faces of ``image``, best first.

        Args:
            image: uint8 (H, W, 3), BGR.
            regions: boxes of faces seen a moment ago: only their surroundings are searched.
                None searches everywhere.
        """
        ...


@cache
def _frontal() -> bytes:
    """dlib's detector of faces seen from the front, as it is copied."""
    return pickle.dumps(dlib.get_frontal_face_detector())


class HogDetector:
    """Histograms of oriented gradients and a linear classifier (Dalal and Triggs 2005), by dlib.

    It finds faces of 80 pixels and more, so the image is scaled until ``min_face`` is that large;
    in grey, which costs three quarters of colour and finds the same faces.
    """

    name = "hog"
    _SMALLEST = 80.0

    def __init__(self, min_face: int = 60) -> None:
        self._min_face = min_face
        # a copy each: dlib's own keeps what it works on, and reading it takes half a second
        self._detector = pickle.loads(_frontal())

    def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
        """The faces of an image, uint8 (H, W, 3), best first; see ``Detector.detect``."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        if regions is None:
            found = self._search(grey, (0, 0), self._SMALLEST / self._min_face)
        else:
            found = []
            for region in regions:
                crop, corner, scale = _surroundings(grey, region, 1.25 * self._SMALLEST)
                if _large_enough(crop, scale):
                    found += self._search(crop, corner, scale)
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        return [
            replace(face, landmarks=landmarks_of(five_points(rgb, face.box)))
            for face in nearest(_distinct(found))
        ]

    def _search(self, grey: NDArray[np.uint8], corner: tuple[int, int], scale: float) -> list[Face]:
        scaled = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=_interpolation(scale))
        boxes, scores, _ = self._detector.run(np.ascontiguousarray(scaled), 0, 0.0)
        x, y = corner
        found = []
        for box, score in zip(boxes, scores, strict=True):
            edges = (box.left(), box.top(), box.right(), box.bottom())
            left, top, right, bottom = (float(round(edge / scale)) for edge in edges)
            where = (left + x, top + y, right + x, bottom + y)
            # a detection scores 0 to about 3
            found.append(Face(where, min(1.0, max(0.0, score / 2)), detector=self.name))
        return found


class NetworkDetector:
    """A network that gives boxes and landmarks, used twice.

    The whole image is searched small; then each face is looked at closely, always at about the
    same size, so that its landmarks are equally good near and far.
    """

    name = ""
    _SMALLEST = 24.0

    def __init__(self, coarse: Rows, fine: Rows, min_face: int) -> None:
        """
        Args:
            coarse, fine: pictures to detections as ``cv2.FaceDetectorYN`` gives them, float32
                (n, 15); ``fine`` gets squares of ``FINE_SIDE``.
            min_face: pixels a face measures at least.
        """
        self._coarse, self._fine, self._min_face = coarse, fine, min_face

    def detect(self, image: Image, regions: Sequence[Box] | None = None) -> list[Face]:
        """The faces of an image, uint8 (H, W, 3), best first; see ``Detector.detect``."""
        if regions is None:
            regions = self._everywhere(image)
        found = [face for region in regions for face in self._closely(image, region)]
        return _distinct(found)

    def _everywhere(self, image: Image) -> list[Box]:
        """Where faces may be."""
        scale = min(1.0, self._SMALLEST / self._min_face)
        found = []
        for row in self._coarse(_scaled(image, scale)):
            left, top, width, height = (float(value) / scale for value in row[:4])
            found.append((left, top, left + width, top + height))
        return sorted(found, key=_area, reverse=True)[:MOST_FACES]

    def _closely(self, image: Image, region: Box) -> list[Face]:
        crop, corner, scale = _surroundings(image, region, FINE_FACE)
        if not _large_enough(crop, scale):
            return []
        canvas = np.zeros((FINE_SIDE, FINE_SIDE, 3), np.uint8)
        scaled = _scaled(crop, scale)[:FINE_SIDE, :FINE_SIDE]
        canvas[: scaled.shape[0], : scaled.shape[1]] = scaled
        faces = []
        for row in self._fine(canvas):
            left, top, width, height = (float(value) / scale for value in row[:4])
            left, top = left + corner[0], top + corner[1]
            points = row[4:14].reshape(5, 2) / scale + np.array(corner, np.float32)
            box = (left, top, left + width, top + height)
            faces.append(Face(box, float(row[14]), points.astype(np.float32), detector=self.name))
        return faces


class YuNetDetector(NetworkDetector):
    """YuNet (Wu, Peng and Yu 2023), a network of 230 kB, by OpenCV."""

    name = "yunet"

    def __init__(self, file: Path, min_face: int = 60, score: float = 0.7) -> None:
        """Raises ModelError when ``file`` is not YuNet."""
        # two thresholds: a coarse look may find more than the close one keeps
        super().__init__(yunet_rows(file, score - 0.2), yunet_rows(file, score), min_face)


class CenterFaceDetector(NetworkDetector):
    """CenterFace (Xu et al. 2019), 7 MB: as sure as YuNet, three times its work."""

    name = "centerface"

    def __init__(
        self, file: Path, min_face: int = 60, score: float = 0.5, *, threads: int = 0
    ) -> None:
        """Raises ModelError when ``file`` is not CenterFace."""
        network = CenterFaceNetwork(file, threads=threads)
        super().__init__(
            lambda picture: network.rows(picture, score - 0.2),
            lambda picture: network.rows(picture, score),
            min_face,
        )


def _surroundings(
    image: NDArray[np.uint8], region: Box, face: float
) -> tuple[NDArray[np.uint8], tuple[int, int], float]:
    """The square twice as large as ``region`` about its middle, as far as it is in the image.

    Returns it with its upper left corner and the scale at which ``region`` measures ``face``.
    """
    left, top, right, bottom = region
    side = max(right - left, bottom - top, 1.0)
    x, y = (left + right) / 2, (top + bottom) / 2
    x0, y0 = max(0, round(x - side)), max(0, round(y - side))
    x1, y1 = max(0, round(x + side)), max(0, round(y + side))
    return image[y0:y1, x0:x1], (x0, y0), face / side


def _large_enough(crop: NDArray[np.uint8], scale: float) -> bool:
    """Whether a face may be in the crop; most of it may lie outside the image."""
    return bool(min(crop.shape[:2]) * scale >= 0.4 * FINE_FACE)


def _distinct(found: Sequence[Face]) -> list[Face]:
    """Of faces whose boxes overlap, the one with the highest score; best first."""
    kept: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        if all(overlap(face.box, other.box) < _OVERLAP for other in kept):
            kept.append(face)
    return kept


def nearest(faces: Sequence[Face]) -> list[Face]:
    """The ``MOST_FACES`` largest, in the order given."""
    if len(faces) <= MOST_FACES:
        return list(faces)
    least = sorted((face.area for face in faces), reverse=True)[MOST_FACES - 1]
    return [face for face in faces if face.area >= least][:MOST_FACES]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _scaled(image: Image, scale: float) -> Image:
    """uint8 (h, w, 3), averaged by a whole factor and then interpolated.

    The networks find the same as in a picture averaged by any factor, at a tenth of the work.
    """
    factor = max(1, int(1 / scale))
    if factor > 1:
        height, width = (side // factor for side in image.shape[:2])
        whole = image[: height * factor, : width * factor]
        image = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    rest = scale * factor
    return np.asarray(cv2.resize(image, None, fx=rest, fy=rest), np.uint8)


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def build_detector(settings: RecognitionSettings, models: ModelsSettings) -> Detector:
    """The detector of ``settings.detector``; "auto" is the first of YuNet, CenterFace and dlib's
    HOG whose file is installed.

    Raises ModelError when its file is missing.
    """
    cv2.setNumThreads(1)  # the images searched are so small that threads only wait for each other
    wanted = settings.detector
    for name in ("yunet", "centerface"):
        file = find(name, models) if wanted in ("auto", name) else None
        if file is not None and name == "yunet":
            return YuNetDetector(file, settings.min_face)
        if file is not None:
            return CenterFaceDetector(file, settings.min_face, threads=settings.threads)
        if wanted == name:
            raise ModelError(
                f"the file of the detector {name} is not installed",
                where=str(models.folder),
                hint=f'install it with `gate models fetch {name}`, or set detector = "auto"',
            )
    return HogDetector(settings.min_face)
