"""What is out of order: reported once, read by other threads, shown where it keeps people out."""

from __future__ import annotations

import pytest

from gate.daemon.device_faults import DeviceFaults, DeviceStatus, event_of


def lost(family: str, name: str = "x") -> DeviceStatus:
    return DeviceStatus(family, name, False, "unplugged")


def test_the_same_again_is_no_change() -> None:
    faults = DeviceFaults()
    assert not faults.changed(DeviceStatus("camera", "x", True))
    assert faults.changed(lost("camera"))
    read = faults.now
    assert not faults.changed(lost("camera"))
    assert faults.changed(DeviceStatus("camera", "x", True))
    assert dict(read) == {"camera.x": "unplugged"}
    assert not faults.now


@pytest.mark.parametrize(
    ("family", "decides", "code", "blind"),
    [
        ("door", False, "door_fault", False),
        ("relay", False, "door_fault", False),
        ("controller", True, "door_fault", False),
        ("controller", False, "", False),
        ("camera", False, "camera_fault", True),
        ("gallery", False, "face_fault", True),
        ("reader", False, "", True),
        ("sensor", True, "", False),
    ],
)
def test_what_the_screen_says(family: str, decides: bool, code: str, blind: bool) -> None:
    faults = DeviceFaults()
    faults.changed(lost(family))
    assert faults.code(controller_decides=decides) == code
    assert faults.blind is blind


@pytest.mark.parametrize(
    ("problem", "code"),
    [("frozen", "camera_fault"), ("covered", "camera_fault"), ("moved", ""), ("slow", "")],
)
def test_a_camera_that_sees_nobody_is_one_that_is_gone(problem: str, code: str) -> None:
    faults = DeviceFaults()
    faults.changed(lost("view", f"main-{problem}"))
    assert faults.code(controller_decides=False) == code
    assert faults.blind is bool(code)
    faults.changed(DeviceStatus("view", f"main-{problem}", True))
    assert faults.code(controller_decides=False) == ""


def test_a_disk_that_cannot_be_written_is_noted_and_keeps_nobody_out() -> None:
    faults = DeviceFaults()
    assert faults.note == ""
    faults.changed(lost("store", "disk"))
    assert (faults.code(controller_decides=True), faults.note) == ("", "disk_fault")
    assert not faults.blind


def test_the_door_counts_before_the_camera() -> None:
    faults = DeviceFaults()
    faults.changed(lost("camera"))
    faults.changed(lost("door"))
    assert faults.code(controller_decides=False) == "door_fault"


@pytest.mark.parametrize(
    ("status", "type", "details"),
    [
        (lost("camera"), "camera.lost", {"camera": "x", "cause": "unplugged"}),
        (
            DeviceStatus("reader", "x", True),
            "device.back",
            {"device": "x", "cause": "", "family": "reader"},
        ),
        (lost("view", "a-b-frozen"), "camera.frozen", {"camera": "a-b", "cause": "unplugged"}),
        (
            DeviceStatus("view", "a-b-moved", True),
            "camera.clear",
            {"camera": "a-b", "was": "moved"},
        ),
        (lost("store", "disk"), "store.memory", {"cause": "unplugged"}),
    ],
)
def test_the_event(status: DeviceStatus, type: str, details: dict[str, object]) -> None:
    assert event_of(status) == (type, details)
