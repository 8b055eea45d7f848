"""A device's thread: values out, loss and return reported, nothing ends it but ``close``."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from gate.devices.device_thread import DeviceThread
from gate.errors import DeviceError
from tests.waiting import eventually


class Line:
    """Reads numbers; fails on demand."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.opened: list[float] = []
        self.closed = 0

    def open(self) -> None:
        self.opened.append(time.monotonic())
        if self.error:
            raise self.error

    def read(self) -> Iterable[int]:
        time.sleep(0.005)
        if self.error:
            raise self.error
        return [1]

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DeviceError("no answer", where="/dev/x"), "no answer (/dev/x)"),
        (ValueError("card 0002972728"), "unexpected: ValueError"),
    ],
)
def test_lost_and_back_whatever_goes_wrong(error: Exception, reason: str) -> None:
    line = Line()
    reported: list[tuple[str, bool, str]] = []
    values: list[int] = []
    thread = DeviceThread(
        "one", line, values.append, lambda *all: reported.append(all), retry=(0.01, 0.02)
    )
    thread.open()
    assert eventually(lambda: reported == [("one", True, "")])
    line.error = error
    assert eventually(lambda: reported[1:] == [("one", False, reason)])
    assert not thread.there
    line.error = None
    assert eventually(lambda: reported[2:] == [("one", True, "")])
    before = len(values)
    assert eventually(lambda: len(values) > before)
    thread.close()
    thread.close()
    assert line.closed


def test_waits_double_up_to_the_limit() -> None:
    line = Line()
    line.error = DeviceError("gone")
    thread = DeviceThread("one", line, print, None, retry=(0.02, 0.08))
    thread.open()
    assert eventually(lambda: len(line.opened) == 5)
    thread.close()
    waits = [b - a for a, b in zip(line.opened, line.opened[1:], strict=False)]
    assert waits[0] >= 0.02
    assert waits[1] >= 0.04
    assert min(waits[2:]) >= 0.08


def test_closing_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    thread = DeviceThread("one", Line(), print)
    thread.close()
    thread.open()
    thread.close()
    assert set(threading.enumerate()) <= before
