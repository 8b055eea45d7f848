"""Passages that a crash broke off: found in the record, and closed in it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.access.request import Presence
from gate.clock import ManualClock
from gate.daemon import interrupted as module
from gate.daemon.interrupted import Interrupted, interrupted
from gate.daemon.orders import Order
from gate.events.event import Event
from gate.passage import outputs
from gate.store.store import Store
from gate.store.tables import EventRow
from tests.daemon.loop_gate import LI, Gate
from tests.daemon.test_presence_worker import watched

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


def happened(store: Store, *types: tuple[str, str | None], gate: str = "north") -> None:
    """Events of these types and passages, a second apart; people are let in by the rules."""
    events = [
        Event.make(gate, type, NOON + timedelta(seconds=n), passage=passage, person="1" * 32)
        for n, (type, passage) in enumerate(types)
    ]
    store.events.append(events)


def left(store: Store) -> list[str]:
    return [each.passage for each in interrupted(store.events.backwards("north", page=2))]


def row(type: str, passage: str = "p1", rule: str = "grant") -> EventRow:
    return EventRow(type=type, passage=passage, time=NOON, person="1" * 32, body={"rule": rule})


@pytest.mark.parametrize("type", ["passage.ended", "passage.denied", "passage.abandoned"])
def test_what_has_come_to_an_end_was_not_interrupted(type: str) -> None:
    """The newest of its events counts."""
    assert interrupted([row(type), row("passage.asked"), row("passage.granted")]) == []


@pytest.mark.parametrize("rule", ["held_open", "fire", "staff"])
def test_nor_was_one_at_a_door_that_was_open_anyway(rule: str) -> None:
    assert interrupted([row("passage.granted", rule=rule), row("passage.asked")]) == []


def test_somebody_let_in_or_asked_for_more_was_interrupted() -> None:
    events = [
        row("door.unlocked", "p2"),
        row("passage.granted", "p2"),
        row("passage.asked", "p2"),
        row("passage.asked", "p1"),
        row("gate.mode", None),  # type: ignore[arg-type]
    ]
    assert interrupted(events) == [Interrupted("p1"), Interrupted("p2", NOON, "1" * 32)]


def test_only_the_last_run_is_looked_at() -> None:
    events = [row("passage.asked", "p2"), row("gate.started"), row("passage.asked", "p1")]
    assert interrupted(events) == [Interrupted("p2")]


def test_no_more_is_read_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    events = [row("passage.asked", f"p{n}") for n in range(3)]
    assert interrupted(events) == [Interrupted("p1"), Interrupted("p0")]


@pytest.mark.slow
def test_they_are_read_from_the_record_of_their_gate(store: Store) -> None:
    happened(store, ("passage.asked", "other"), gate="south")
    happened(
        store,
        ("gate.started", None),
        ("passage.asked", "p1"),
        ("passage.asked", "p2"),
        ("passage.ended", "p1"),
        ("passage.asked", "p3"),
    )
    assert left(store) == ["p2", "p3"]
    assert [row.sequence for row in store.events.backwards("north", page=2)] == [5, 4, 3, 2, 1]
    assert list(store.events.backwards("east")) == []


@pytest.mark.slow
def test_the_end_is_recorded_before_the_start_and_once(store: Store) -> None:
    """A start that is interrupted as well finds what it has not closed, and only that."""
    happened(store, ("gate.started", None), ("passage.asked", "p1"))
    gate = Gate()
    gate.loop.start((), [each.end for each in interrupted(store.events.backwards("north"))])
    assert gate.types[:2] == ["passage.ended", "gate.started"]
    over = gate.event("passage.ended")
    assert (over.passage, over.details) == ("p1", {"passed": None, "interrupted": True})
    store.events.append(gate.recorder.events[:1])
    assert left(store) == []
    store.events.append(gate.recorder.events[1:])
    assert left(store) == []


@pytest.mark.slow
def test_whoever_was_let_in_counts_as_passed_as_at_a_door_without_contact(store: Store) -> None:
    person = store.people.create("Li")
    gate, people = watched(store, "in")
    now = gate.clock.utc()
    cut = [
        Interrupted("p1", now, person.ref),
        Interrupted("p2", None, "2" * 32),
        Interrupted("p3", now, "3" * 32),  # not in the register any more
        Interrupted("p4", now, None),
    ]
    people.interrupted(cut)
    assert gate.loop.context.presence == {}
    gate.loop.start((), [each.end for each in cut])
    assert gate.loop.context.presence == {person.id: Presence.INSIDE}


class TestAnOrderlyStop:
    def ends(self, gate: Gate) -> list[tuple[str, dict[str, object]]]:
        """What is recorded of passages from the stop on."""
        told: list[outputs.Output] = []
        gate.loop.listen(lambda output, _: told.append(output))
        gate.recorder.events.clear()
        gate.loop.stop()
        assert gate.types[-1] == "gate.stopped"
        over = [(e.type, dict(e.details)) for e in gate.recorder.events[:-1]]
        assert [output.type for output in told if isinstance(output, outputs.EventOut)] == [
            type for type, _ in over
        ]
        return over

    def test_ends_what_is_going_on(self) -> None:
        gate = Gate(clock=ManualClock(100.0, NOON))
        gate.card(LI)
        assert self.ends(gate) == [("passage.ended", {"passed": None})]

    def test_ends_nothing_twice(self) -> None:
        gate = Gate()
        gate.card(LI)
        gate.wait(9)
        gate.loop.handle(Order("hold", "desk", 10.0))
        gate.card(LI)
        assert self.ends(gate) == []
