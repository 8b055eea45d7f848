"""What is wrong with a picture of a camera: light, focus, or that it is larger than needed."""

from __future__ import annotations

import cv2

from gate.camera.replay import Image
from gate.camera.view import measure, unseen

MUCH = 3  # a stream so many times wider than what is used is a waste
SMALLER = "take a smaller stream: `gate camera streams`; decoding a large one costs time"
_DARK, _BRIGHT = 25, 230  # mean grey levels, 0 to 255: before nothing is seen at all
_SAYS = {
    "dark": "the picture is dark: is the cap on, is there light?",
    "bright": "the picture is nearly white: does the sun or a lamp shine into the lens?",
    "flat": "nothing can be made out in the picture: is the lens covered or misted, or is a bare "
    "wall all it sees?",
    "blurred": "the picture is out of focus: is the lens clean, is it focused?",
}


def fault(image: Image, wanted: int, *, network: bool) -> str:
    """What to do about a picture, BGR uint8 (height, width, 3); "" where nothing is wrong.

    Args:
        wanted: pixels, the width that was asked for.
        network: whether the camera has streams of several sizes to choose from.
    """
    light = float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean())
    if light <= _DARK:
        return _SAYS["dark"]
    if light >= _BRIGHT:
        return _SAYS["bright"]
    if cause := unseen(measure(image)):
        return _SAYS[cause]
    if network and image.shape[1] > MUCH * wanted:
        return SMALLER
    return ""
