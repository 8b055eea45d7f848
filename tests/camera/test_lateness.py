"""What waited on its way is not shown as the present; stamps that are no clock are not believed."""

from __future__ import annotations

import socket

import pytest

from gate.camera.lateness import DOUBT, LATE, Lateness, unread

STEP = 1 / 15  # seconds between two frames


class Stream:
    """A camera's frames; ``late`` of each as the gate sees it."""

    def __init__(self, *, waiting: bool = True) -> None:
        self.now, self.stamp = 1000.0, 5.0
        self.lateness = Lateness(lambda: waiting)

    def comes(self, frames: int, took: float, stamped: float = STEP) -> list[bool]:
        """Frames that take ``took`` seconds each to come and are stamped ``stamped`` apart."""
        judged = []
        for _ in range(frames):
            self.now += took
            self.stamp += stamped
            judged.append(self.lateness.late(self.stamp, self.now))
        return judged


def test_what_was_read_before_the_first_picture_is_left_out() -> None:
    stream = Stream()
    assert all(stream.comes(20, 0.005))
    assert not any(stream.comes(100, STEP)[1:])


def test_after_a_network_stalled_the_frames_of_that_time_are_left_out() -> None:
    stream = Stream()
    stream.comes(50, STEP)
    stream.now += 2.0
    burst = stream.comes(30, 0.005)
    left = burst.index(False)
    assert all(burst[:left])
    assert not any(burst[left:])
    assert left * (STEP - 0.005) == pytest.approx(2.0 - LATE, abs=2 * STEP)
    assert not any(stream.comes(50, STEP))


def test_a_box_too_slow_for_a_stream_shows_nothing_old() -> None:
    stream = Stream(waiting=True)
    stream.comes(50, STEP)
    slow = stream.comes(200, 1.2 * STEP)
    behind = round(LATE / (0.2 * STEP))
    assert not any(slow[: behind - 2])
    assert all(slow[behind + 2 :])


@pytest.mark.parametrize("stamped", [0.8 * STEP, 0.0], ids=["counts frames", "says nothing"])
def test_a_camera_whose_stamps_are_no_clock_is_believed_no_longer(stamped: float) -> None:
    stream = Stream(waiting=False)
    stream.comes(10, STEP, stamped)
    judged = stream.comes(600, STEP, stamped)
    assert sum(judged) * STEP == pytest.approx(DOUBT, abs=3 * STEP)
    assert not any(judged[-300:])


def test_clocks_that_run_apart_make_nothing_late() -> None:
    stream = Stream()
    stream.comes(10, STEP)
    for _ in range(20):
        assert not any(stream.comes(15, STEP))
        stream.now += 3600  # an hour in which the box gained 0.7 s
        stream.stamp += 3600 - 0.7
        stream.comes(1, STEP)


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_a_camera_whose_clock_is_set_is_judged_by_the_new_time(seconds: float) -> None:
    stream = Stream(waiting=False)
    stream.comes(50, STEP)
    stream.stamp += seconds
    assert sum(stream.comes(50, STEP)) == 1
    stream.now += 2.0
    assert all(stream.comes(10, 0.005))  # what waited is left out as before


def test_bytes_that_nobody_has_read() -> None:
    ours, other = socket.socketpair()
    with ours, other:
        before = unread()
        other.sendall(b"x")
        assert unread()
        ours.recv(1)
        assert unread() is before
