"""Decodes an uploaded photograph; nothing in it is trusted or kept."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from PIL import Image as Pillow

from gate.errors import CameraError
from gate.recognition.face import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
MOST_PIXELS = 40_000_000
# larger photographs are reduced: faces in them are larger than any encoder looks at
LONGEST_SIDE = 1024


def decode(data: bytes, where: str = "") -> Image:
    """The image, BGR uint8 (height, width, 3), turned upright by its EXIF orientation.

    Raises CameraError.
    """
    check_header(data, where)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise CameraError(
            "the photograph is damaged", where=where, mend="copy it again or take another"
        )
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(image, dtype=np.uint8)


def check_header(data: bytes, where: str = "") -> None:
    """Raises CameraError unless format and size are acceptable.

    Read from the header before any pixel is unpacked: a small file may unpack to gigabytes.
    """
    width, height = _size(data, where)
    if width * height > MOST_PIXELS:
        raise _too_large(where)
    if min(width, height) < 16:
        raise CameraError(
            "the photograph is smaller than 16 pixels on one side",
            where=where,
            mend="use a larger one",
        )


def _size(data: bytes, where: str) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as header:
                return header.size
    except Pillow.DecompressionBombError as error:
        raise _too_large(where) from error
    except Exception as error:  # Pillow raises many types for a broken header
        raise CameraError(
            "not a readable photograph",
            where=where,
            mend="use a JPEG, PNG, WebP or BMP file",
        ) from error


def _too_large(where: str) -> CameraError:
    return CameraError(
        "the photograph has more than 40 megapixels", where=where, mend="use a smaller one"
    )
