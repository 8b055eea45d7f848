"""How the capture process hands frames to the daemon: a header and the pixels, over a pipe."""

from __future__ import annotations

import struct

MAGIC = b"GF01"
HEADER = struct.Struct("<4sdIHH")  # magic, monotonic seconds, number, height, width
LARGEST = 8192  # pixels of a side; anything more is not a frame but a broken stream


def pack(captured: float, number: int, height: int, width: int) -> bytes:
    """The header of one BGR frame; height * width * 3 bytes follow."""
    return HEADER.pack(MAGIC, captured, number, height, width)


def unpack(header: bytes | bytearray) -> tuple[float, int, int, int]:
    """Time of capture (monotonic seconds), number, height and width (pixels) of a frame.

    Raises ValueError where it is no header.
    """
    magic, captured, number, height, width = HEADER.unpack(header)
    if magic != MAGIC or not 0 < height <= LARGEST or not 0 < width <= LARGEST:
        raise ValueError("not a frame")
    return captured, number, height, width
