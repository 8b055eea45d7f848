"""Draw masks and scarves on aligned faces, and change light and sharpness: more to learn from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.recognition.face import Image

Floats = NDArray[np.float32]
Random = np.random.Generator

# BGR of cloth seen in the street: whites, surgical blues and greens, blacks, greys, skin tones
_CLOTH = (
    *((245, 245, 245), (230, 200, 160), (235, 215, 190), (20, 20, 20), (60, 60, 60)),
    *((130, 130, 135), (200, 190, 90), (180, 200, 120), (160, 160, 240), (200, 180, 230)),
    *((40, 40, 190), (120, 60, 30), (150, 180, 210), (170, 190, 220), (90, 120, 60)),
)
_SIDE = 128


def disturbed(face: Image, random: Random) -> Image:
    """The aligned crop a little turned, moved, mirrored, in other light, less sharp, with noise."""
    scale = float(np.exp(random.normal(0, 0.04)))
    turn = np.asarray(cv2.getRotationMatrix2D((64, 66), random.normal(0, 4), scale), np.float64)
    turn[:, 2] += random.normal(0, 2.2, 2)
    values = np.asarray(
        cv2.warpAffine(face, turn, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    if random.random() < 0.5:
        values = values[:, ::-1]
    if random.random() < 0.6:
        values = 255 * (values / 255) ** np.exp(random.normal(0, 0.35))
    if random.random() < 0.6:
        values *= np.exp(random.normal(0, 0.12, 3))
    if random.random() < 0.15:
        values = np.repeat(values.mean(2, keepdims=True), 3, axis=2)
    if random.random() < 0.3:
        ramp = np.linspace(-1, 1, _SIDE)
        ramp = ramp[None, :, None] if random.random() < 0.6 else ramp[:, None, None]
        values *= np.clip(1 + random.normal(0, 0.35) * ramp, 0.2, 2)
    face = np.clip(values, 0, 255).astype(np.uint8)
    if random.random() < 0.4:
        side = int(random.choice([32, 40, 48, 64]))
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        face = np.asarray(cv2.resize(small, (_SIDE, _SIDE)), np.uint8)
    if random.random() < 0.3:
        noise = random.normal(0, random.uniform(2, 9), face.shape)
        face = np.clip(face + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(face)


def masked(face: Image, random: Random) -> Image:
    """The aligned crop with a mask or scarf of random form, colour and pattern drawn on it."""
    middle = 64 + random.normal(0, 2)
    outline, width = _outline(middle, random)
    cover = np.zeros((_SIDE * 4, _SIDE * 4), np.uint8)
    cv2.fillPoly(cover, [np.asarray(outline * 4, np.int32)], 255)
    small = cv2.resize(cover, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    alpha = cv2.GaussianBlur(small, (0, 0), random.uniform(0.4, 1.3)).astype(np.float32) / 255
    colour = np.array(_CLOTH[random.integers(len(_CLOTH))]) + random.normal(0, 14, 3)
    if random.random() < 0.15:
        colour = random.uniform(0, 255, 3)
    elif random.random() < 0.14:  # of the skin's own colour
        colour = face[58:66, 44:84].reshape(-1, 3).mean(0) * random.uniform(0.8, 1.25)
    cloth = _cloth(face, colour, middle, width, random)
    mixed = face * (1 - alpha[..., None]) + np.clip(cloth, 0, 255) * alpha[..., None]
    out = np.clip(mixed, 0, 255).astype(np.uint8)
    if random.random() < 0.6:
        _straps(out, outline, np.clip(colour * 0.9, 0, 255), random)
    return out


def _outline(middle: float, random: Random) -> tuple[NDArray[np.float64], float]:
    """The mask's corners, from its upper left one clockwise, and half its width."""
    top, side = random.uniform(54, 66), random.uniform(56, 70)
    cheek, width = random.uniform(28, 37), random.uniform(27, 36)
    chin, jaw = random.uniform(95, 112), random.uniform(10, 20)
    if random.random() < 0.12:  # a scarf or collar reaches from edge to edge
        edge = [(0, side), (middle - 9, top), (middle + 9, top), (128, side), (128, 128), (0, 128)]
        return np.array(edge, float), width
    right = [(cheek, side), (width, 86), (jaw, chin - 3)]
    corners = [(middle - cheek, side), (middle - 9, top + 3), (middle, top), (middle + 9, top + 3)]
    corners += [(middle + x, y) for x, y in right]
    corners += [(middle, chin), (middle - jaw, chin - 3), (middle - width, 86)]
    return np.array(corners) + random.normal(0, 1.2, (10, 2)), width


def _cloth(
    face: Image, colour: NDArray[np.float64], middle: float, width: float, random: Random
) -> Floats:
    """What the cloth looks like in the light that falls on the face."""
    light = cv2.GaussianBlur(face.mean(2).astype(np.float32), (0, 0), 9)
    light = (light / max(20.0, float(light[50:110, 30:98].mean()))) ** random.uniform(0.2, 0.9)
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    shade = 1 + random.uniform(0, 0.25) * np.cos((x - middle) / width * 1.3)
    shade += random.normal(0, 0.1) * (y - 85) / 30
    if random.random() < 0.6:  # folds
        bend = y + random.normal(0, 0.05) * (x - middle) ** 2 / 20
        wave = np.sin(bend / random.uniform(1.3, 3.2) + random.uniform(0, 6))
        shade += random.uniform(0.02, 0.12) * wave
    if random.random() < 0.3:  # the seam in the middle
        shade += random.uniform(0.05, 0.2) * np.exp(-(((x - middle) / 1.5) ** 2))
    cloth = np.ones((_SIDE, _SIDE, 1)) * colour * (shade * light)[..., None]
    if random.random() < 0.2:  # checks
        step = random.integers(3, 9, 2)
        board = ((x // step[0]).astype(int) + (y // step[1]).astype(int)) % 2
        cloth *= 1 + random.uniform(0.1, 0.5) * (board - 0.5)[..., None]
    if random.random() < 0.2:  # a print
        spots = np.zeros((_SIDE, _SIDE), np.float32)
        for _ in range(random.integers(1, 8)):
            at = (int(random.uniform(35, 93)), int(random.uniform(65, 108)))
            cv2.circle(spots, at, int(random.uniform(1, 7)), 1, -1)
        cloth = cloth * (1 - spots[..., None]) + random.uniform(0, 255, 3) * spots[..., None]
    grain = cv2.GaussianBlur(random.normal(0, 1, (_SIDE, _SIDE)).astype(np.float32), (0, 0), 1)
    return np.asarray(cloth + grain[..., None] * random.uniform(0, 15), dtype=np.float32)


def _straps(
    out: Image, outline: NDArray[np.float64], colour: NDArray[np.float64], random: Random
) -> None:
    ink = tuple(float(value) for value in colour)
    left, right = outline[:, 0].min(), outline[:, 0].max()
    for x, ear in ((left, left - 12), (right, right + 12)):
        for y, end in ((62, random.uniform(50, 60)), (86, random.uniform(62, 75))):
            cv2.line(out, (int(x), y), (int(ear), int(end)), ink, 1, cv2.LINE_AA)
