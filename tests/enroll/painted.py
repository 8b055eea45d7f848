"""A weekly grid as the page's script sends it."""

from __future__ import annotations

from enroll.weekly_grid import ROWS, SLOTS, Grid


def painted(grid: Grid) -> str:
    """Eight rows of 48 digits with dots between, an absent row empty."""
    return ".".join(
        "".join("1" if slot in grid[row] else "0" for slot in range(SLOTS)) if row in grid else ""
        for row in ROWS
    )
