"""A short day: every passage accounted for, nothing open that should not be, nothing leaked."""

from __future__ import annotations

import pytest

from bench.day import run


@pytest.mark.slow
def test_a_short_day() -> None:
    summary = run(passages=80, seconds=12, seed=3)
    assert summary.outcomes.total() == 80
    assert summary.outcomes["passed"] > 40
    assert summary.wrongly_open == []
    assert summary.failures.total() >= 3
    assert summary.threads[0] == summary.threads[1]
    assert summary.descriptors[0] == summary.descriptors[1]
    assert "door.forced" not in summary.events
