"""Intervals of a share."""

from __future__ import annotations

import math

_Z = 1.959964  # 95 %


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of the share ``hits / of`` (Wilson 1927); (0, 1) of nothing.

    >>> tuple(round(x, 3) for x in wilson(0, 360))
    (0.0, 0.011)
    """
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    centre = share + _Z * _Z / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + _Z * _Z / (4 * of * of))
    scale = 1 + _Z * _Z / of
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def percent(hits: int, of: int) -> str:
    """``hits of n, share (interval)`` for a table."""
    if of == 0:
        return "none"
    low, high = wilson(hits, of)
    return f"{hits} of {of}, {100 * hits / of:.2f} % ({100 * low:.2f} to {100 * high:.2f})"
