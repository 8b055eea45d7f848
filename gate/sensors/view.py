"""Where a face of the camera's picture lies in the thermal image. Pure."""

from __future__ import annotations

Region = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0..1) of the width and height of a picture."""


def region_of(place: Region, view: Region) -> Region | None:
    """The part of the thermal image a face covers; None when it lies outside.

    Args:
        place: the face in the camera's picture; may reach outside it.
        view: where the thermal image's own left, top, right and bottom edge lie in the camera's
            picture; may reach outside it. Left and right, or top and bottom, change places for a
            sensor that is mounted turned or gives a mirrored image.
    """
    across = _span(place[0], place[2], view[0], view[2])
    down = _span(place[1], place[3], view[1], view[3])
    if across is None or down is None:
        return None
    return across[0], down[0], across[1], down[1]


def _span(begin: float, end: float, zero: float, one: float) -> tuple[float, float] | None:
    first, last = sorted(((begin - zero) / (one - zero), (end - zero) / (one - zero)))
    first, last = max(0.0, first), min(1.0, last)
    return (first, last) if first < last else None
