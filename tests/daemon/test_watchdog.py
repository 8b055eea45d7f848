"""The watchdog: systemd hears of the loop as long as the loop turns."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gate.daemon.watchdog import Watchdog, notify
from tests.waiting import wait_for


class Time:
    """A clock that stands still between two looks; counts them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.now


def test_a_loop_that_turns_is_reported_and_one_that_hangs_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Time()
    monkeypatch.setattr("gate.daemon.watchdog.time", clock)
    reported: list[str] = []
    hangs: list[tuple[float, str]] = []
    dog = Watchdog(0.1, lambda seconds, where: hangs.append((seconds, where)), reported.append)
    dog.start()
    dog.ready()

    def fed() -> bool:
        dog.feed()
        return reported.count("WATCHDOG=1") >= 3

    wait_for(fed)
    assert reported[0] == "READY=1"
    assert not dog.hung
    clock.now += 0.2  # the loop hangs
    wait_for(lambda: dog.hung)
    before, looked = reported.count("WATCHDOG=1"), clock.looks
    wait_for(lambda: clock.looks > looked + 3)
    assert reported.count("WATCHDOG=1") == before
    assert len(hangs) == 1
    assert hangs[0][0] == 0.2
    assert "test_a_loop_that_turns" in hangs[0][1]

    def back() -> bool:
        dog.feed()
        return not dog.hung

    wait_for(back)
    dog.stop()
    assert reported[-1] == "STOPPING=1"


def test_systemd_hears_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert notify("WATCHDOG=1")
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    assert not notify("READY=1")
