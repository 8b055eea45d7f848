"""A photograph somebody submits, made into an image; nothing of it is trusted or kept.

What it is is read from its bytes: names and suffixes are often wrong. Photographs of telephones
keep their full size up to ``LONGEST_SIDE``, since a person some metres away is small in them.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import cv2
import numpy as np
import pi_heif  # type: ignore[import-untyped]
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps

from gate.errors import CameraError
from gate.recognition.face import Image

Pillow.init()  # with a list of formats Pillow loads none of the rarer ones by itself
# nothing but the picture itself: less of a damaged file is read
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "HEIF", "AVIF")
NAMES = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP"
# a JPEG is unpacked at a half, a quarter or an eighth of its size; the others only as a whole
MOST_PIXELS_JPEG = 210_000_000
MOST_PIXELS = 51_000_000
LONGEST_SIDE = 4096
PREVIEW_SIDE = 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGE = 13_000_000  # pixels: beyond them one photograph is unpacked at a time
_one_large = threading.Lock()


def decode(data: bytes, where: str = "") -> Image:
    """The image, BGR uint8 (height, width, 3), turned upright by its EXIF orientation, its longer
    side at most ``LONGEST_SIDE``.

    Raises CameraError.
    """
    with _opened(data, where) as picture:
        width, height = picture.size
        with _one_large if width * height > _LARGE else nullcontext():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                    # face_recognition makes Pillow fill up truncated files, for the whole process
                    ImageFile.LOAD_TRUNCATED_IMAGES = False
                    picture.load()
                    image = _bgr(_upright(picture))
            except Exception as error:  # Pillow and its plugins raise many kinds
                raise CameraError(
                    "the photograph is damaged", where=where, hint="copy it again or take another"
                ) from error
            return reduced(image, LONGEST_SIDE)


def reduced(image: Image, longest: int) -> Image:
    """``image``, made smaller until its longer side is at most ``longest`` pixels."""
    scale = longest / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(image, dtype=np.uint8)


def check_header(data: bytes, where: str = "") -> None:
    """Raises CameraError unless format and size are acceptable.

    Read from the header before any pixel is unpacked: a small file may unpack to gigabytes.
    """
    with _opened(data, where):
        pass


@contextmanager
def _opened(data: bytes, where: str) -> Iterator[Pillow.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _check_items(data)
            picture = Pillow.open(io.BytesIO(_without_text(data)), formats=FORMATS)
    except Pillow.DecompressionBombError as error:
        raise _too_large(where) from error
    except Exception as error:  # Pillow raises many kinds for a broken header
        if data[4:8] == b"ftyp":  # HEIC, AVIF
            raise CameraError(
                "the HEIC photograph is damaged",
                where=where,
                hint="send it as JPEG; on an iPhone: Settings, Camera, Formats, Most Compatible",
            ) from error
        raise CameraError(
            "not a readable photograph", where=where, hint=f"use a {NAMES} file"
        ) from error
    with picture:
        width, height = picture.size
        in_parts = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
        if width * height > (MOST_PIXELS_JPEG if in_parts else MOST_PIXELS):
            raise _too_large(where)
        if min(width, height) < 16:
            raise CameraError(
                "the photograph is smaller than 16 pixels on one side",
                where=where,
                hint="use a larger one",
            )
        yield picture


def _upright(picture: Pillow.Image) -> Pillow.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # a damaged EXIF block is no reason to refuse the pixels
        return picture


def _bgr(picture: Pillow.Image) -> Image:
    """Pixels of any mode; what is transparent becomes white."""
    if picture.mode.startswith("I"):  # 16 bits a pixel
        grey = np.asarray(picture).astype(np.float32)
        top = 65535.0 if grey.max() > 255 else 255.0
        narrow = (grey * (255.0 / top)).astype(np.uint8)
        return np.repeat(narrow[:, :, None], 3, axis=2)
    if "A" in picture.getbands() or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Pillow.new("RGBA", layer.size, (255, 255, 255, 255))
        picture = Pillow.alpha_composite(ground, layer)
    return np.asarray(picture.convert("RGB"))[:, :, ::-1]


def _without_text(data: bytes) -> bytes:
    """A PNG without its chunks of text, which may hold megabytes and which nobody reads here."""
    if not data.startswith(_PNG):
        return data
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") + 12
        if data[at + 4 : at + 8] not in (b"tEXt", b"zTXt", b"iTXt"):
            kept.append(data[at : at + size])
        at += size
    return b"".join(kept)


def _check_items(data: bytes) -> None:
    """Raises ValueError for a HEIC whose items have types or names that are no UTF-8.

    ISO/IEC 14496-12, 8.11.6 asks for UTF-8; pi-heif 1.4 makes Python strings of them without
    looking at the result, and a damaged one ends the process by a segmentation fault.
    """
    if data[4:8] != b"ftyp":
        return
    at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:  # 64 bits of it follow
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        end = at + size if size >= 8 else len(data)
        for found in re.finditer(b"infe", data[at:end]) if kind == b"meta" else ():
            start = at + found.start() - 4
            begin = start + (18 if data[start + 8] >= 3 else 16)  # after the number of the item
            data[begin : start + int.from_bytes(data[start : start + 4], "big")].decode("utf-8")
        at = end


def _too_large(where: str) -> CameraError:
    return CameraError(
        "the photograph has too many pixels",
        where=where,
        hint="at most 200 megapixels as JPEG and 50 in other formats; make it smaller",
    )
