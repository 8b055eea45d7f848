"""GY-MCU90640: a thermal image of 32 × 24 pixels on a serial port."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gate.sensors.frames import split

HEADER = b"\x5a\x5a\x02\x06"
LENGTH = 1544
SHAPE = (24, 32)

Thermal = NDArray[np.float32]


def parse(buffer: bytes, quiet: bool) -> tuple[list[tuple[Thermal, float]], bytes]:
    """Each frame's image (float32 (24, 32), °C) and ambient temperature, and what remains.

    ``quiet``: see ``frames.split``.
    """
    frames, rest = split(buffer, HEADER, LENGTH, _valid, quiet)
    return [_values(frame) for frame in frames], rest


HOTTEST = 0.03  # the share of the pixels of the face that represents the forehead


def hottest(
    image: Thermal, share: float, region: tuple[float, float, float, float] | None = None
) -> float:
    """Mean of the hottest ``share`` of the pixels, in °C.

    ``region``: left, top, right, bottom of the face as shares (0..1) of the thermal image; the
    whole image without it. At least one pixel is taken.
    """
    if region is not None:
        height, width = image.shape
        left, right = _span(region[0], region[2], width)
        top, bottom = _span(region[1], region[3], height)
        image = image[top:bottom, left:right]
    values = np.sort(image, axis=None)
    return float(values[-max(1, round(share * values.size)) :].mean())


def _span(begin: float, end: float, size: int) -> tuple[int, int]:
    first = min(max(0, math.floor(begin * size)), size - 1)
    return first, min(max(first + 1, math.ceil(end * size)), size)


def _valid(frame: bytes) -> bool:
    words = np.frombuffer(frame, "<u2")
    return int(words[:-1].sum(dtype=np.uint64)) % 65536 == int(words[-1])


def _values(frame: bytes) -> tuple[Thermal, float]:
    words = np.frombuffer(frame, "<i2")[2:-1]
    image = (words[:768] / 100).astype(np.float32).reshape(SHAPE)
    return image, float(words[768]) / 100
