"""The ``[relay]`` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gate.section import Section


class LcusSettings(Section):
    """``[relay.lcus]``: how the board at hand differs."""

    # A0: frames of four bytes, 1 to 8 channels. AA: one channel, single bytes AA, BB, CC
    variant: Literal["A0", "AA"] = "A0"
    # what the board answers to FF: text lines, a byte for each channel, or nothing (LCUS-1)
    readback: Literal["none", "text", "bytes"] = "none"
    # AA only: CC, one second in hardware, sent again and again while the lock is released
    timed_pulse: bool = True


class ModbusSettings(Section):
    """``[relay.modbus]``."""

    transport: Literal["rtu", "tcp"] = "rtu"
    host: str = "192.168.1.200"
    tcp_port: int = Field(502, ge=1, le=65535)
    unit: int = Field(1, ge=1, le=247)
    # the board's flash-on; without it the relay stays as it is when everything dies
    timed_pulse: bool = True


class GpioSettings(Section):
    """``[relay.gpio]``: the pin (BCM number) of each channel, in order."""

    pins: tuple[int, ...] = (17,)
    active_high: bool = True
    # inputs have their resistor to 3.3 V and are active when drawn to ground
    pull_up: bool = True


class Wire(Section):
    """``[relay.inputs.NAME]``: an input of the board; for gpio ``number`` is the pin."""

    number: int = Field(ge=0, le=63)
    invert: bool = False


InputName = Literal["contact", "exit", "fire", "tamper"]


class RelaySettings(Section):
    """The board that moves the lock."""

    driver: Literal["simulated", "lcus", "modbus", "numato", "gpio"] = "simulated"
    port: str = "/dev/ttyUSB0"
    baud: int = Field(9600, ge=1200, le=921600)
    # the longest wait for one answer
    timeout: float = Field(0.2, ge=0.05, le=2)
    channel: int = Field(1, ge=1, le=8)
    # all of them are rested at start
    channels: int = Field(1, ge=1, le=8)
    inputs: dict[InputName, Wire] = Field(default_factory=dict)
    # how often inputs and relay are read
    poll: float = Field(0.05, ge=0.01, le=5)
    # the wait before the second attempt to connect; doubles up to the limit
    retry_first: float = Field(0.2, gt=0, le=60)
    retry_most: float = Field(10.0, gt=0, le=600)
    lcus: LcusSettings = LcusSettings()
    modbus: ModbusSettings = ModbusSettings()
    gpio: GpioSettings = GpioSettings()

    @property
    def timed(self) -> bool:
        """Whether a relay falls by the board's own timer, whatever dies around it."""
        if self.driver == "lcus":
            return self.lcus.variant == "AA" and self.lcus.timed_pulse
        return self.driver == "simulated" or (self.driver == "modbus" and self.modbus.timed_pulse)

    @model_validator(mode="after")
    def _board_fits(self) -> RelaySettings:
        if self.channel > self.channels:
            raise ValueError("channel must not be greater than channels")
        if self.driver == "gpio" and len(self.gpio.pins) < self.channels:
            raise ValueError("gpio.pins must name a pin for each of the channels")
        if self.driver == "lcus" and self.lcus.variant == "AA" and self.channels > 1:
            raise ValueError("boards of the AA variant have one channel")
        if self.driver == "lcus" and self.inputs:
            raise ValueError("LCUS boards have no inputs; name them on a board that has")
        return self
