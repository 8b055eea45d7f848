"""Mistakes in the configuration of door and board are found before anything moves."""

from __future__ import annotations

import pytest

from gate.door.settings import DoorSettings
from gate.relay.settings import GpioSettings, LcusSettings, RelaySettings, Wire


def test_defaults_are_valid() -> None:
    assert DoorSettings().fail == "secure"
    assert RelaySettings().driver == "simulated"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"max_unlock": 5.0}, "max_unlock"),
        ({"prealarm": 30.0}, "prealarm"),
        ({"hold": 60.0}, "hold"),
    ],
)
def test_times_that_contradict_each_other(wrong: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        DoorSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"channel": 2}, "channel"),
        ({"driver": "gpio", "channels": 2}, "gpio.pins"),
        ({"driver": "lcus", "channels": 2, "lcus": LcusSettings(variant="AA")}, "one channel"),
        ({"driver": "lcus", "inputs": {"fire": Wire(number=0)}}, "no inputs"),
        ({"inputs": {"doorbell": Wire(number=0)}}, "doorbell"),
    ],
)
def test_boards_that_cannot_be(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        RelaySettings(**wrong)  # type: ignore[arg-type]


def test_a_pin_for_each_channel() -> None:
    RelaySettings(driver="gpio", channels=2, gpio=GpioSettings(pins=(17, 27)))
