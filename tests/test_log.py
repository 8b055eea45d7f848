"""A flood of equal lines does not fill the disk."""

from __future__ import annotations

import logging

from gate.log import Throttle


def test_equal_lines_are_throttled_and_counted_and_others_are_not() -> None:
    now = [0.0]
    throttle = Throttle(most=3, window=10.0, clock=lambda: now[0])

    def passes(message: str, level: int = logging.ERROR) -> logging.LogRecord | None:
        record = logging.LogRecord("asyncio", level, "", 0, message, (), None)
        return record if throttle.filter(record) else None

    assert [bool(passes("accept")) for _ in range(100)] == [True] * 3 + [False] * 97
    assert passes("other")
    assert passes("accept", logging.WARNING)
    now[0] = 10.0
    again = passes("accept")
    assert again is not None
    assert again.dropped == 97  # type: ignore[attr-defined]
    assert not hasattr(passes("accept"), "dropped")
