"""A short day: every passage accounted for, nothing open that should not be, nothing leaked."""

from __future__ import annotations

import pytest

from benchmarks.soak.day import _may_have_come, run


@pytest.mark.slow
def test_a_short_day() -> None:
    summary = run(passages=80, seconds=12, seed=3, slower=3)
    assert summary.outcomes.total() == 80
    assert summary.outcomes["passed"] > 40
    assert summary.wrongly_open == []
    assert summary.failures.total() >= 3
    assert summary.threads[0] == summary.threads[1]
    assert summary.descriptors[1] <= summary.descriptors[0]
    assert "door.forced" not in summary.events


def test_only_what_follows_a_stall_at_once_may_have_come_earlier() -> None:
    stalls = [(10.0, 10.5), (20.0, 20.1)]
    assert _may_have_come(10.51, stalls) == (10.0, True)
    assert _may_have_come(10.53, stalls) == (10.53, False)
    assert _may_have_come(10.2, stalls) == (10.2, False)
