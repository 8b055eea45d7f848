"""A flood of equal lines does not fill the disk."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from gate.integrations.settings import LogSettings
from gate.log import Throttle, set_up


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.usefixtures("_restored")
def test_journald_gets_the_severity_of_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    out = io.StringIO()
    set_up(LogSettings(), out)
    log = logging.getLogger("gate.events")
    log.warning("door.forced", extra={"gate": "north", "cause": "two\nlines", "phone": "李红"})
    log.info("passage.granted", extra={"latency_ms": 200})
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("thread.failed")
    first, second, *trace = out.getvalue().splitlines()
    assert first.startswith("<4>event=door.forced")
    assert 'cause="two lines"' in first
    assert "李红" not in first
    assert second.startswith("<6>event=passage.granted")
    assert len(trace) > 2
    assert all(line.startswith("<3>") for line in trace)


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
