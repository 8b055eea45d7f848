"""The driver of the relay board that the configuration names."""

from __future__ import annotations

from gate.relay.driver import RelayDriver
from gate.relay.settings import RelaySettings
from gate.relay.simulated import SimulatedRelay


def make_driver(settings: RelaySettings) -> RelayDriver:
    """The driver itself, for the guard and for trials. Libraries are loaded when needed."""
    match settings.driver:
        case "lcus":
            from gate.relay.lcus import LcusRelay

            return LcusRelay(settings)
        case "modbus":
            from gate.relay.modbus import ModbusRelay

            return ModbusRelay(settings)
        case "numato":
            from gate.relay.numato import NumatoRelay

            return NumatoRelay(settings)
        case "gpio":
            from gate.relay.gpio import GpioRelay

            return GpioRelay(settings)
        case "simulated":
            return SimulatedRelay(channels=settings.channels)
