"""Alarms read from the events: of thirty days, unacknowledged, with what ended them."""

from __future__ import annotations

from datetime import timedelta

from enroll import history, open_alarms
from gate.events.event import Event


def happen(desk, gate, kind, days=0.0, minutes=0, **details):
    at = desk.clock.utc() - timedelta(days=days) + timedelta(minutes=minutes)
    (event,) = desk.store.events.append([Event.make(gate, kind, at, details=details)])
    return event.id


def found(desk):
    groups = open_alarms.by_cause(desk.store.database, desk.clock.utc())
    return {(group.gate, group.type): (group.newest.id, group.open) for group in groups}


def test_without_alarms_there_is_no_group(desk):
    happen(desk, "north", "passage.granted")
    happen(desk, "north", "door.forced", days=31)
    assert found(desk) == {}


def test_what_somebody_saw_to_is_left_out(desk):
    first = happen(desk, "north", "door.forced", days=2)
    second = happen(desk, "north", "door.forced", days=1)
    history.acknowledge(desk.store.database, second, "clerk", "")
    assert found(desk) == {("north", "door.forced"): (first, True)}


def test_a_recovery_and_the_newest_closing_of_the_same_gate_end_an_alarm(desk):
    lost = happen(desk, "north", "camera.lost", days=3, camera="main")
    happen(desk, "north", "camera.back", days=3, minutes=5, camera="main")
    over = happen(desk, "north", "door.held", days=2)
    happen(desk, "south", "door.closed", days=3)
    lasts = happen(desk, "south", "door.held", days=2)
    happen(desk, "north", "door.closed", days=1)
    assert found(desk) == {
        ("north", "camera.lost"): (lost, False),
        ("north", "door.held"): (over, False),
        ("south", "door.held"): (lasts, True),
    }
