"""Pulses are counted as what the board did says."""

from __future__ import annotations

import pytest

from benchmarks.pulse import compared

GRANTS = [10.0, 11.0, 12.0]


def test_whole_torn_and_lost_pulses() -> None:
    whole = [(10.02, True), (10.41, False)]
    torn = [(11.0, True), (11.1, False), (11.2, True), (11.45, False)]
    found = compared(GRANTS, whole + torn, 0.4)
    assert (found.torn, found.lost) == (1, 1)
    assert found.errors == pytest.approx([-0.01, 0.05])
    assert found.after_end == pytest.approx([0.01, 0.05])
