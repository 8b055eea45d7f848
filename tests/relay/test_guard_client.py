"""The daemon's side of the guard when the box itself is short of something."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gate.clock import ManualClock
from gate.errors import DeviceError
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings
from tests.waiting import PATIENCE, eventually


@pytest.mark.slow
def test_a_full_table_of_descriptors_at_a_restart_of_the_guard_is_a_fault_and_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a guard that does not get the processor for seconds is not thought to hang
    monkeypatch.setattr("gate.relay.guard_client.START", PATIENCE)
    monkeypatch.setattr("gate.relay.guard_client.SILENT", PATIENCE / 2)
    relay = GuardedRelay(RelaySettings(driver="simulated"), retry=(0.1, 0.1))
    relay.open()
    real, full = subprocess.Popen, OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def refused(*arguments: Any, **more: Any) -> Any:
        raise full

    monkeypatch.setattr("gate.relay.guard_client.subprocess.Popen", refused)
    assert relay.pid is not None
    os.kill(relay.pid, 9)

    def lost() -> bool:
        try:
            relay.inputs()
        except DeviceError as error:
            return "cannot be started: Too many open files" in error.what
        return False

    before = len(list(Path("/proc/self/fd").iterdir()))
    assert eventually(lost)
    for _ in range(50):
        assert lost()
        with pytest.raises(DeviceError):
            relay.set(1, True, 0.5)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before

    monkeypatch.setattr("gate.relay.guard_client.subprocess.Popen", real)

    def back() -> bool:
        try:
            return relay.state(1) is False
        except DeviceError:
            return False

    assert eventually(back)
    relay.close()


def test_a_guard_that_starts_slowly_is_given_twice_as_long_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gate.relay.guard_client.START", 0.05)
    monkeypatch.setattr("gate.relay.guard_client.START_LONGEST", 0.2)
    clock = ManualClock()
    silent = ("sh", "-c", "exec sleep 60")
    relay = GuardedRelay(RelaySettings(driver="simulated"), clock, silent, retry=(0.0, 0.0))
    with pytest.raises(DeviceError):
        relay.open()
    for patience in (0.05, 0.1, 0.2, 0.2):
        started = relay.pid
        clock.advance(patience * 0.9)
        for _ in range(2):  # the second would start another
            with pytest.raises(DeviceError):
                relay.inputs()
        assert relay.pid == started
        clock.advance(patience * 0.2)
        with pytest.raises(DeviceError, match="does not respond"):
            relay.inputs()
        with pytest.raises(DeviceError):
            relay.inputs()  # starts the next
        assert relay.pid != started
    relay.close()
