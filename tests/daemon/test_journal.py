"""Events reach the recorder as they are; a grant waits for its own, but not for a sick disk."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from gate.access.decision import Method
from gate.access.policy import decide
from gate.access.request import Mode, Request, Rules
from gate.clock import ManualClock
from gate.daemon.journal import Journal
from gate.passage import outputs
from tests.daemon.loop_gate import Memory

AT = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def memory() -> Memory:
    return Memory([])


@pytest.fixture
def journal(memory: Memory) -> Journal:
    return Journal("north", memory, ManualClock(0.0, AT))


def decided() -> outputs.Decided:
    request = Request(Method.STAFF, None, AT, "north", Mode.NORMAL, order="desk:wang")
    return outputs.Decided("1" * 36, decide(request, Rules()), 0.0, 0.0)


def test_what_happens_is_an_event_of_this_gate_and_moment(journal: Journal, memory: Memory) -> None:
    journal.record("door.opened", passage="p", details={"held": 1}, person="1" * 32)
    (event,) = memory.events
    assert (event.gate, event.type, event.time, event.passage) == ("north", "door.opened", AT, "p")
    assert (event.details, event.person) == ({"held": 1}, "1" * 32)


def test_before_the_first_decision_there_is_nothing_to_wait_for(
    journal: Journal, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.disk = "full"
    journal.record("gate.started")
    journal.wait_for_decision()
    assert not caplog.records


@pytest.mark.parametrize(
    ("disk", "logged"), [("well", []), ("full", ["event.late"]), ("lost", ["event.lost"])]
)
def test_a_decision_that_is_late_or_lost_is_logged_and_nothing_else(
    journal: Journal,
    memory: Memory,
    caplog: pytest.LogCaptureFixture,
    disk: str,
    logged: list[str],
) -> None:
    memory.disk = disk
    with caplog.at_level(logging.WARNING):
        journal.decided(decided())
        journal.wait_for_decision()
    assert [record.message for record in caplog.records] == logged
    assert [event.type for event in memory.events] == ["passage.granted"]


def test_the_newest_decision_is_the_one_that_is_waited_for(
    journal: Journal, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.disk = "lost"
    journal.decided(decided())
    memory.disk = "well"
    journal.decided(decided())
    journal.wait_for_decision()
    assert not caplog.records
