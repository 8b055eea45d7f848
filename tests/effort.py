"""How much a test that draws at random draws: little in ``make test``, much in ``make soak``."""

from __future__ import annotations

import os

SOAK = os.environ.get("GATE_SOAK") == "1"


def rounds(usual: int, soak: int = 100_000) -> int:
    """``usual``, or ``soak`` where GATE_SOAK=1."""
    return soak if SOAK else usual
