"""A permit's QR code in a camera picture."""

from __future__ import annotations

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from gate.access.permit import PREFIX

UNREADABLE = ""  # a code is held up, and it is cut, covered or blurred
_HELD_UP = 26  # pixels: a corner of a code with modules of two pixels; smaller ones are far away


def find_permit(image: NDArray[np.uint8]) -> str | None:
    """The text of the first permit in a BGR (H, W, 3) or grey (H, W) uint8 image.

    ``UNREADABLE`` when a code is near and cannot be read; None when there is none, or it is
    something else than a permit.
    """
    grey = image[:, :, 1] if image.ndim == 3 else image  # green is close enough to grey, and free
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        try_invert=False,
        return_errors=True,
    )
    whole = [code.text for code in found if code.valid]
    permit = next((text for text in whole if text.startswith(PREFIX)), None)
    if permit is None and not whole and any(map(_is_near, found)):
        return UNREADABLE
    return permit


def _is_near(code: zxingcpp.Barcode) -> bool:
    p = code.position
    across = (abs(p.top_left.x - p.bottom_right.x), abs(p.top_left.y - p.bottom_right.y))
    return max(across) >= _HELD_UP
