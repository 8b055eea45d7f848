"""A permit's QR code in a camera picture."""

from __future__ import annotations

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from gate.access.permit import PREFIX


def find_permit(image: NDArray[np.uint8]) -> str | None:
    """The text of the first permit in a BGR (H, W, 3) or grey (H, W) uint8 image.

    None when there is no code, it cannot be read, or it is not a permit.
    """
    grey = image[:, :, 1] if image.ndim == 3 else image  # green is close enough to grey, and free
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        try_invert=False,
    )
    return next((code.text for code in found if code.text.startswith(PREFIX)), None)
