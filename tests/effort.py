"""How much a test that draws at random draws: little in ``make check``, much in ``make soak``."""

from __future__ import annotations

import os

SOAK = os.environ.get("GATE_SOAK") == "1"
QUICK = os.environ.get("GATE_QUICK") == "1"


def rounds(usual: int, soak: int = 100_000) -> int:
    """``usual``, or ``soak`` where GATE_SOAK=1."""
    return soak if SOAK else usual


def examples(usual: int) -> int:
    """Of a property that says how many it needs: a quarter where GATE_QUICK=1."""
    return usual // 4 if QUICK else usual
