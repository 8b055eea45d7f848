"""A line for each event, with the pseudonym and without anything that describes a body."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gate import log
from gate.daemon import event_log
from gate.events.event import Event
from gate.events.types import TYPES
from gate.integrations.settings import LogSettings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DECIDED = Event.make(
    "north",
    "passage.granted",
    NOW,
    passage="p1",
    method="card",
    decision="grant",
    rule="resident",
    reasons=("welcome",),
    person="ref-1",
    scores={"best": 0.7},
    temperature={"raw": 33.1, "ambient": 20.0, "estimated": 36.6, "validity": "valid"},
    latency=212.4,
    details={"values": {"card": "0002972728"}, "name": "李红", "card": "0002972728"},
)


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the process would write, as JSON."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    out = io.StringIO()
    log.set_up(LogSettings(format="json"), out)
    found: list[dict[str, Any]] = []

    class Read(list):  # type: ignore[type-arg]
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return iter([json.loads(line) for line in out.getvalue().splitlines()])

        def __len__(self) -> int:
            return len(out.getvalue().splitlines())

    yield Read(found)
    root.handlers[:] = before
    root.setLevel(level)


def test_a_decision_is_one_line_with_the_pseudonym(lines: list[dict[str, Any]]) -> None:
    event_log.write(DECIDED)
    (line,) = lines
    assert line["event"] == "passage.granted"
    assert line["level"] == "info"
    assert (line["person"], line["method"], line["reasons"]) == ("ref-1", "card", "welcome")
    assert line["latency_ms"] == 212
    text = json.dumps(line, ensure_ascii=False)
    for personal in ("李红", "0002972728", "36.6", "33.1", "0.7"):
        assert personal not in text


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_can_be_logged(lines: list[dict[str, Any]], kind: str) -> None:
    # also details with the names of what a log record has itself
    details = {"module": "camera", "args": 1, "message": "m", "cause": "unplugged", "device": "r"}
    event_log.write(Event.make("north", kind, NOW, details=details))
    (line,) = lines
    assert line["event"] == kind
    assert line["cause"] == "unplugged"


def test_what_needs_a_look_is_a_warning() -> None:
    for kind in ("door.fire", "door.forced", "device.lost", "store.lost", "passage.duress"):
        assert event_log.line(Event.make("north", kind, NOW))[0] == logging.WARNING
    for kind in ("door.unlocked", "passage.granted", "device.back", "gate.started"):
        assert event_log.line(Event.make("north", kind, NOW))[0] == logging.INFO
    assert TYPES.keys() >= event_log._WARNING


def test_a_rush_does_not_flood_the_log(lines: list[dict[str, Any]]) -> None:
    for _ in range(1000):
        event_log.write(DECIDED)
    event_log.write(Event.make("north", "door.fire", NOW))
    assert len(lines) == 21  # twenty in ten seconds, and the other type is not held back
