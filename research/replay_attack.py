"""Draw a presentation attack: a face shown on a telephone, a tablet or a sheet of paper.

A simulation, and called one wherever its figures appear: the image is darkened or brightened as a
display does, crossed by the beat of two pixel grids (moiré), partly covered by glare, framed,
held by a hand that trembles, and seen again by a camera with blur and noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.box import Box
from gate.recognition.face import Image

Random = np.random.Generator
_SKIN = (110, 140, 190)


@dataclass(frozen=True, slots=True)
class Device:
    """What the face is shown on. Lengths in widths of the face that is shown."""

    name: str
    width: float
    height: float
    bezel: float
    bezel_colour: tuple[int, int, int]
    display: bool  # light of its own, pixels


DEVICES = (
    Device("telephone", 2.0, 3.0, 0.10, (18, 18, 20), True),
    Device("tablet", 3.2, 4.2, 0.22, (25, 25, 25), True),
    Device("white tablet", 3.6, 3.0, 0.25, (225, 225, 225), True),
    Device("sheet of paper", 2.4, 3.2, 0.12, (235, 238, 240), False),
)


class Presentation:
    """One device held up for a while; ``show`` draws one frame after the other."""

    def __init__(self, device: Device, random: Random, size: tuple[int, int] = (640, 480)) -> None:
        self._device = device
        self._random = random
        self._size = size
        self._place = np.array([size[0] / 2, size[1] / 2, 0.0]) + random.normal(0, (30, 15, 3))
        self._drift = np.zeros(3)
        self._face = random.uniform(70, 150)  # pixels the face is wide
        self._gain, self._gamma = random.uniform(0.7, 1.15), random.uniform(0.8, 1.3)
        self._cast = np.array([random.uniform(1.0, 1.12), 1.0, random.uniform(0.9, 1.0)])
        self._grid = random.uniform(0.55, 1.2, (3, 2)) * np.array([1, random.choice([-1, 1])])
        self._moire = random.uniform(0.0, 0.10) if device.display else 0.0
        self._glare = (random.uniform(0, 1, 2), random.uniform(0.05, 0.4), random.uniform(20, 90))
        self._tilt = random.normal(0, 0.05, (4, 2))
        self._wall = _wall(size, random)
        self._blur, self._noise = random.uniform(0.3, 1.2), random.uniform(1, 5)

    def show(self, picture: Image, box: Box) -> Image:
        """The camera's frame while ``picture``, with a face at ``box``, is shown."""
        random = self._random
        self._drift = 0.8 * self._drift + random.normal(0, (0.9, 0.9, 0.25))
        self._place = self._place + self._drift
        shown = self._light(self._cut(picture, box))
        height, width = shown.shape[:2]
        x, y, angle = self._place
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), 1.0)
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        corners = flat @ matrix[:, :2].T + matrix[:, 2] + self._tilt * width
        corners += np.array([x - width / 2, y - height / 2])
        turn = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
        frame = self._wall.copy()
        placed = cv2.warpPerspective(shown, turn, self._size, flags=cv2.INTER_AREA)
        cover = cv2.warpPerspective(np.full((height, width), 255, np.uint8), turn, self._size)
        frame[cover > 127] = placed[cover > 127]
        self._hand(frame, corners)
        seen = cv2.GaussianBlur(frame, (0, 0), self._blur).astype(np.float32)
        seen += random.normal(0, self._noise, seen.shape)
        _, code = cv2.imencode(
            ".jpg", np.clip(seen, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88]
        )
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)

    def _cut(self, picture: Image, box: Box) -> Image:
        """The part of the picture that is shown, in the camera's pixels, within its bezel."""
        device, face = self._device, self._face
        scale = face / max(1.0, box[2] - box[0])
        width, height = int(device.width * face), int(device.height * face)
        middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2 + 0.15 * (box[3] - box[1])])
        move = np.array([width / 2, height / 2]) - middle * scale
        matrix = np.array([[scale, 0, move[0]], [0, scale, move[1]]])
        cut = cv2.warpAffine(
            picture, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        edge = max(2, int(device.bezel * face))
        framed = cv2.copyMakeBorder(
            cut, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=device.bezel_colour
        )
        return np.asarray(framed, np.uint8)

    def _light(self, shown: Image) -> Image:
        height, width = shown.shape[:2]
        values = 255 * (shown / 255) ** self._gamma * self._gain
        if self._device.display:
            values *= self._cast
        y, x = np.mgrid[:height, :width].astype(np.float32)
        for channel, (fx, fy) in enumerate(self._grid):
            beat = np.cos(2 * np.pi * (fx * x + 0.15 * fy * y)) + np.cos(2 * np.pi * fy * y)
            values[..., channel] *= 1 + self._moire * beat
        (gx, gy), strength, spread = self._glare
        away = (x - gx * width) ** 2 + (y - gy * height) ** 2
        spot = np.exp(-away / (2 * spread**2)).astype(np.float32)
        values += 255 * strength * spot[..., None]
        return np.clip(values, 0, 255).astype(np.uint8)

    def _hand(self, frame: Image, corners: NDArray[np.floating]) -> None:
        """A thumb on either edge of the device."""
        for one, other in ((0, 3), (1, 2)):
            at = corners[one] * 0.3 + corners[other] * 0.7
            inward = np.sign(corners.mean(0)[0] - at[0])
            centre = (int(at[0] + 2 * inward), int(at[1]))
            thumb = (int(self._face * 0.13), int(self._face * 0.24))
            cv2.ellipse(frame, centre, thumb, float(-15 * inward), 0, 360, _SKIN, -1, cv2.LINE_AA)


def _wall(size: tuple[int, int], random: Random) -> Image:
    """What is behind the device: an uneven wall."""
    width, height = size
    coarse = (
        random.uniform(40, 220) + random.normal(0, 18, (5, 6, 1)) + random.normal(0, 4, (5, 6, 3))
    )
    wall = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.clip(wall[:height, :width], 0, 255).astype(np.uint8)
