"""Networks that distinguish a live face from a picture of one, in a single frame."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.models.convert import minifasnet
from gate.models.convert.cache import converted
from gate.recognition.box import Box
from gate.recognition.face import Face, Image
from gate.recognition.runtime import Runnable, model_file, prelu_network

# The networks learned from boxes like YuNet's; dlib's HOG frames less of the forehead. Measured
# on LFW: middle of YuNet's box from HOG's in HOG's sides, and its width and height in them.
_FROM_HOG = (0.03, -0.04, 0.88, 1.17)


class FrameTest(Protocol):
    """One network."""

    name: str

    def score(self, image: Image, face: Face) -> float:
        """Log-odds that the face in the image, uint8 (H, W, 3), BGR, is live; uncalibrated."""
        ...


@dataclass(slots=True)
class MiniFasNet:
    """MiniFASNetV2 (``scale`` 2.7) or MiniFASNetV1SE (4.0) of Silent-Face-Anti-Spoofing
    (Minivision 2020; Apache-2.0).

    ``scale``: of the crop against the face's box, dimensionless.
    """

    name: str
    scale: float
    network: Runnable

    def score(self, image: Image, face: Face) -> float:
        """Log-odds that the face in the image, uint8 (H, W, 3), BGR, is live."""
        picture = _within(image, face_box(face), self.scale, minifasnet.SIDE)
        logits = self.network.run(_planes(picture))[0].astype(np.float64)
        return float(logits[1] - np.logaddexp(logits[0], logits[2]))


@dataclass(slots=True)
class CelebaSpoof:
    """A network trained on CelebA-Spoof (Zhang et al. 2020): a square 1.5 times the face, RGB."""

    name: str
    network: Runnable

    def score(self, image: Image, face: Face) -> float:
        """Log-odds that the face in the image, uint8 (H, W, 3), BGR, is live."""
        picture = _reflected(image, face_box(face), 1.5, 128)
        logits = self.network.run(_planes(picture[..., ::-1]) / np.float32(255))[0]
        return float(logits[0] - logits[1])


@dataclass(slots=True)
class FacepluginSpoof:
    """The network of the npm package: BGR 0..255; class 0 is live.

    Its publisher crops 2.7 times the face. A sheet held up at arm's length ends beyond that, so a
    wider crop is looked at too, and the two count the same.

    ``scales``: of the crops against the face's box, dimensionless.
    """

    name: str
    network: Runnable
    scales: tuple[float, ...] = (2.7, 3.5)

    def score(self, image: Image, face: Face) -> float:
        """Log-odds that the face in the image, uint8 (H, W, 3), BGR, is live."""
        return float(np.mean([self._odds(image, face, scale) for scale in self.scales]))

    def _odds(self, image: Image, face: Face, scale: float) -> float:
        picture = _within(image, face_box(face), scale, 128)
        logits = self.network.run(_planes(picture))[0].astype(np.float64)
        return float(logits[0] - np.logaddexp(logits[1], logits[2]))


def open_tests(
    v2: Path | None,
    v1se: Path | None,
    celeba: Path | None,
    faceplugin: Path | None = None,
    *,
    cache: Path,
    threads: int = 0,
) -> list[FrameTest]:
    """The networks whose files are installed, in this order. Raises ModelError."""
    tests: list[FrameTest] = []
    for name, path, scale in (("minifasnet-v2", v2, 2.7), ("minifasnet-v1se", v1se, 4.0)):
        if path is not None:
            model = converted([path], minifasnet.to_onnx, cache)
            tests.append(
                MiniFasNet(name, scale, prelu_network(model, threads=threads, where=str(path)))
            )
    if celeba is not None:
        network = prelu_network(model_file(celeba), threads=threads, where=str(celeba))
        tests.append(CelebaSpoof("minifas-celeba", network))
    if faceplugin is not None:
        network = prelu_network(model_file(faceplugin), threads=threads, where=str(faceplugin))
        tests.append(FacepluginSpoof("faceplugin-liveness", network))
    return tests


def scores(
    tests: Sequence[FrameTest], image: Image, face: Face, pool: Executor | None = None
) -> NDArray[np.float64]:
    """The score of each test, float64 (n,); ``image`` uint8 (H, W, 3).

    Args:
        pool: where all but the last run meanwhile; None: one after the other.
    """
    if pool is None or len(tests) < 2:
        return np.array([test.score(image, face) for test in tests])
    *others, last = tests
    # the runtimes release the interpreter's lock: the networks run on different cores
    running = [pool.submit(test.score, image, face) for test in others]
    own = last.score(image, face)
    return np.array([*(each.result() for each in running), own])


def face_box(face: Face) -> Box:
    """The box as YuNet draws it, whichever detector found the face."""
    if face.detector != "hog":
        return face.box
    left, top, right, bottom = face.box
    side = right - left
    x, y, width, height = _FROM_HOG
    middle_x, middle_y = (left + right) / 2 + x * side, (top + bottom) / 2 + y * side
    width, height = width * side / 2, height * side / 2
    return middle_x - width, middle_y - height, middle_x + width, middle_y + height


def _within(image: Image, box: Box, scale: float, side: int) -> Image:
    """The box ``scale`` times larger, made smaller and moved until it lies within the image.

    So the network's authors cut the pictures it learned from.
    """
    height, width = image.shape[:2]
    box_width, box_height = max(1.0, box[2] - box[0]), max(1.0, box[3] - box[1])
    scale = min((height - 1) / box_height, (width - 1) / box_width, scale)
    half_x, half_y = box_width * scale / 2, box_height * scale / 2
    x = min(max((box[0] + box[2]) / 2, half_x), width - half_x)
    y = min(max((box[1] + box[3]) / 2, half_y), height - half_y)
    left, top = max(0, int(x - half_x)), max(0, int(y - half_y))
    cut = image[top : max(top + 1, int(y + half_y) + 1), left : max(left + 1, int(x + half_x) + 1)]
    return np.asarray(cv2.resize(cut, (side, side)), np.uint8)


def _reflected(image: Image, box: Box, scale: float, side: int) -> Image:
    """The square ``scale`` times the box's longer side about its middle, edges reflected."""
    size = max(1, int(max(box[2] - box[0], box[3] - box[1]) * scale))
    left = int(np.floor((box[0] + box[2] - size) / 2))
    top = int(np.floor((box[1] + box[3] - size) / 2))
    cut = _bordered(image, left, top, size)
    way = cv2.INTER_AREA if size > side else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(cut, (side, side), interpolation=way), np.uint8)


def _bordered(image: Image, left: int, top: int, size: int) -> Image:
    height, width = image.shape[:2]
    inside = image[max(0, top) : max(0, top + size), max(0, left) : max(0, left + size)]
    if inside.size == 0:
        return np.zeros((size, size, 3), np.uint8)
    above, below = max(0, -top), max(0, top + size - height)
    before, after = max(0, -left), max(0, left + size - width)
    wide = cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_REFLECT_101)
    return np.asarray(wide, np.uint8)


def _planes(picture: Image) -> NDArray[np.float32]:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32)
