"""Drivers and guards of simulated boards on a machine that may keep the board's thread waiting."""

from __future__ import annotations

from typing import Any

from gate.errors import DeviceError
from gate.relay.driver import RelayDriver
from gate.relay.driver_factory import make_driver
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings
from tests.waiting import PATIENCE, eventually


def patient_driver(**settings: Any) -> RelayDriver:
    """A driver that waits for an answer as long as a test waits for anything."""
    given = RelaySettings(**settings)
    return make_driver(given.model_copy(update={"timeout": PATIENCE}))


def answer_within(driver: Any, seconds: float) -> None:
    """The time-out of an open driver from now on: short before an answer that does not come."""
    driver._settings = driver._settings.model_copy(update={"timeout": seconds})
    if driver.name != "modbus":
        driver._port._timeout = driver._port._opened().timeout = seconds
        return
    driver._client.comm_params.timeout_connect = seconds
    driver._client.transaction.comm_params.timeout_connect = seconds
    if driver._settings.modbus.transport == "rtu":
        driver._client.socket.timeout = seconds


def open_guard(relay: GuardedRelay) -> None:
    """Open it; once more when guard or board did not get the processor in time."""

    def opened() -> bool:
        try:
            relay.open()
        except DeviceError:
            return False
        return True

    assert eventually(opened)


def answers(relay: GuardedRelay) -> bool:
    """Whether the guard lives and its board answers."""
    try:
        relay.inputs()
    except DeviceError:
        return False
    return True


def told(relay: GuardedRelay, channel: int = 1) -> bool | None:
    """The last word about the relay; None while guard or board do not answer."""
    try:
        return relay.state(channel)
    except DeviceError:
        return None
