"""Alarms by cause: one line a fault, closed by itself when it is over, unless it keeps coming."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from enroll.alarm_groups import OFTEN, RECOVERIES, Severity, grouped, severity_of
from enroll.history import ALARMS
from gate.events.types import TYPES
from gate.store.tables import EventRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(type, minutes=0, gate="north", **details):
    time = NOON + timedelta(minutes=minutes)
    body = {"type": type, "details": details}
    return EventRow(
        id=f"{gate}-{type}-{minutes}", gate=gate, sequence=minutes, time=time, type=type, body=body
    )


def test_the_same_fault_of_one_device_is_one_group_newest_first():
    rows = [row("camera.lost", minute, camera="main") for minute in (0, 5, 3)]
    rows.append(row("camera.lost", 4, camera="back"))
    groups = grouped(rows, ())
    assert sorted(len(group.rows) for group in groups) == [1, 3]
    assert groups[0].newest.time == NOON + timedelta(minutes=5)


def test_a_fault_that_is_over_is_closed_by_itself():
    (group,) = grouped([row("camera.lost", camera="main")], [row("camera.back", 3, camera="main")])
    assert group.over == NOON + timedelta(minutes=3)
    assert not group.open


def test_running_from_memory_is_over_with_the_next_start_unless_that_is_from_memory_too():
    alarms = [row("store.memory", 1), row("store.memory", 11)]
    starts = [row("gate.started", 0), row("gate.started", 10)]
    (group,) = grouped(alarms, starts)
    assert group.over is None
    (group,) = grouped(alarms, [*starts, row("gate.started", 20)])
    assert group.over == NOON + timedelta(minutes=20)


@pytest.mark.parametrize(
    "end",
    [
        row("camera.back", -3, camera="main"),  # before it
        row("camera.back", 3, camera="back"),  # another camera
        row("camera.back", 3, "south", camera="main"),  # another gate
        row("device.back", 3, device="main"),
    ],
)
def test_what_ends_something_else_closes_nothing(end):
    (group,) = grouped([row("camera.lost", camera="main")], [end])
    assert group.over is None
    assert group.open


@pytest.mark.parametrize("was", ["covered", "frozen", "moved", "slow"])
def test_a_camera_that_is_clear_again_ends_only_what_it_was(was):
    faults = ("camera.covered", "camera.frozen", "camera.moved", "camera.slow")
    groups = grouped(
        [row(fault, camera="main") for fault in faults],
        [row("camera.clear", 3, camera="main", was=was)],
    )
    assert [group.type for group in groups if not group.open] == [f"camera.{was}"]


def test_a_fault_that_keeps_coming_back_needs_somebody_although_it_is_over():
    rows = [row("camera.lost", minute, camera="main") for minute in range(OFTEN)]
    (group,) = grouped(rows, [row("camera.back", 9, camera="main")])
    assert group.over is not None
    assert group.open


def test_a_forced_door_is_never_closed_by_itself():
    (group,) = grouped([row("door.forced")], [row("door.closed", 1), row("door.recovered", 1)])
    assert group.open


def test_the_open_and_urgent_come_first():
    rows = [row("device.lost", 9, device="a"), row("door.forced", 1), row("door.held", 5)]
    groups = grouped(rows, [row("door.closed", 6)])
    assert [group.type for group in groups] == ["door.forced", "device.lost", "door.held"]


def test_every_alarm_has_a_severity_and_recoveries_are_real_types():
    assert {severity_of(kind) for kind in ALARMS} == set(Severity)
    assert set(RECOVERIES) <= set(ALARMS)
    assert set(RECOVERIES.values()) <= set(TYPES)
