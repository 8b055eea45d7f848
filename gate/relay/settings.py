"""The ``[door]`` and ``[relay]`` sections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gate.section import Section


class DoorSettings(Section):
    """How the door behaves; all times in seconds of the monotonic clock."""

    # secure: no power, locked (strike). safe: no power, released (magnet)
    fail: Literal["secure", "safe"] = "secure"
    unlock: float = Field(3.0, ge=0.2, le=60)
    extended_unlock: float = Field(10.0, ge=0.2, le=120)
    exit_unlock: float = Field(3.0, ge=0.2, le=60)
    # grants that follow each other may keep the lock released no longer than this
    max_unlock: float = Field(60.0, ge=1, le=600)
    grant_debounce: float = Field(0.5, ge=0, le=5)
    contact: bool = False
    # the lock is rested as soon as the door has closed behind somebody
    relock_on_close: bool = True
    # an opening so shortly after the lock was rested is still the granted one
    forced_grace: float = Field(0.5, ge=0, le=5)
    prealarm: float = Field(10.0, ge=0, le=600)
    held_open_after: float = Field(25.0, ge=1, le=3600)
    extended_held_open_after: float = Field(45.0, ge=1, le=3600)
    max_hold_open: float = Field(4 * 3600.0, ge=1, le=24 * 3600)
    exit_in_lockdown: bool = True
    # a board that says otherwise than it was told for so long is out of order
    confirm_within: float = Field(1.0, ge=0.1, le=10)
    # the longest a relay stays energised when no further word comes from the main loop
    hold: float = Field(0.5, ge=0.2, le=5)
    # an input must stand still for so long before it counts
    input_debounce: float = Field(0.03, ge=0, le=1)

    @model_validator(mode="after")
    def _times_agree(self) -> DoorSettings:
        longest = max(self.unlock, self.extended_unlock, self.exit_unlock)
        if self.max_unlock < longest:
            raise ValueError("max_unlock must not be shorter than any single unlock time")
        if self.prealarm >= self.held_open_after:
            raise ValueError("prealarm must be shorter than held_open_after")
        return self


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
