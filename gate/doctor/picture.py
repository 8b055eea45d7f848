"""What is wrong with a picture of a camera: its light, or that it is larger than needed."""

from __future__ import annotations

import cv2

from gate.camera.replay import Image

MUCH = 3  # a stream so many times wider than what is used is a waste
SMALLER = "take a smaller stream: `gate camera streams`; decoding a large one costs time"
_DARK, _BRIGHT = 25, 230  # mean grey levels, 0 to 255
_FLAT = 5.0  # grey levels: standard deviation below which nothing can be made out


def fault(image: Image, wanted: int, *, network: bool) -> str:
    """What to do about a picture, BGR uint8 (height, width, 3); "" where nothing is wrong.

    Args:
        wanted: pixels, the width that was asked for.
        network: whether the camera has streams of several sizes to choose from.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    light = float(grey.mean())
    if light <= _DARK:
        return "the picture is dark: is the cap on, is there light?"
    if light >= _BRIGHT:
        return "the picture is nearly white: does the sun or a lamp shine into the lens?"
    if float(grey.std()) < _FLAT:
        return "nothing can be made out in the picture: is the lens covered or misted?"
    if network and image.shape[1] > MUCH * wanted:
        return SMALLER
    return ""
