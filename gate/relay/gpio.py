"""Relays and inputs at the pins of a Raspberry Pi or a similar board, by gpiozero."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

from gate.errors import DeviceError
from gate.relay.settings import RelaySettings


class GpioRelay:
    """A RelayDriver. gpiozero and its pin factory are loaded when it is opened."""

    def __init__(self, settings: RelaySettings) -> None:
        self.name = "gpio"
        self._settings = settings
        self._outputs: dict[int, Any] = {}
        self._inputs: dict[str, Any] = {}

    def open(self) -> None:
        gpio = self._settings.gpio
        self.close()
        try:
            from gpiozero import (  # type: ignore[import-untyped]
                Device,
                DigitalInputDevice,
                OutputDevice,
            )

            with warnings.catch_warnings():  # of the pin factories that are not there
                warnings.simplefilter("ignore")
                Device.ensure_pin_factory()
            for channel, pin in enumerate(gpio.pins[: self._settings.channels], 1):
                self._outputs[channel] = OutputDevice(
                    pin, active_high=gpio.active_high, initial_value=False
                )
            for name, wire in self._settings.inputs.items():
                self._inputs[name] = DigitalInputDevice(wire.number, pull_up=gpio.pull_up)
        except Exception as error:  # each pin factory has errors of its own
            self.close()
            raise self._refused(error) from None

    def set(self, channel: int, on: bool, hold: float) -> None:
        try:
            self._outputs[channel].value = on
        except Exception as error:
            raise self._refused(error) from None

    def state(self, channel: int) -> bool | None:
        try:
            return bool(self._outputs[channel].value)
        except Exception as error:
            raise self._refused(error) from None

    def inputs(self) -> dict[str, bool]:
        try:
            return {
                name: bool(device.value) != self._settings.inputs[name].invert  # type: ignore[index]
                for name, device in self._inputs.items()
            }
        except Exception as error:
            raise self._refused(error) from None

    def close(self) -> None:
        for output in self._outputs.values():
            # closing alone lets the pin float, which a relay board may take for either
            with contextlib.suppress(Exception):
                output.off()
        for device in (*self._outputs.values(), *self._inputs.values()):
            device.close()
        self._outputs.clear()
        self._inputs.clear()

    def _refused(self, error: Exception) -> DeviceError:
        none = type(error).__name__ == "BadPinFactory"
        why = (
            "this machine has no pins that can be used"
            if none
            else f"{type(error).__name__} {error}"
        )
        return DeviceError(
            f"the GPIO pins cannot be used: {why}",
            where=f"pins {self._settings.gpio.pins}",
            hint="install the extra package lgpio, check the pin numbers, and let the gate's "
            "user belong to the group gpio",
        )
