"""The ``[relay]`` section."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from gate.section import Section


class LcusSettings(Section):
    """How the LCUS board at hand differs."""

    variant: Literal["A0", "AA"] = Field(
        "A0",
        description='"A0": frames of four bytes, 1 to 8 channels. "AA": look-alikes with single '
        "bytes AA, BB",
    )
    readback: Literal["none", "text", "bytes"] = Field(
        "none",
        description="what the board answers to FF: text lines, a byte for each channel, or nothing "
        "(LCUS-1)",
    )
    timed_pulse: bool = Field(
        True,
        description='"AA" only: use CC, one second in hardware, so that the relay falls by itself '
        "whatever dies; false for boards that do not know it, or whose relay drops once"
        " a second while it is held",
    )


class ModbusSettings(Section):
    """A Modbus board over RS-485 or Ethernet."""

    transport: Literal["rtu", "tcp"] = Field(
        "rtu",
        description='"rtu" over RS-485 (port and baud above) or "tcp" over Ethernet (host and '
        "tcp_port)",
    )
    host: str = Field("192.168.1.200", description="address of the board (tcp)")
    tcp_port: int = Field(502, ge=1, le=65535, description="TCP port of the board (tcp)")
    unit: int = Field(1, ge=1, le=247, description="the board's address")
    timed_pulse: bool = Field(
        True,
        description="flash-on of the board; without it the relay stays as it is when all else dies",
    )


class GpioSettings(Section):
    """Pins of the box itself."""

    advanced: ClassVar[frozenset[str]] = frozenset({"active_high", "pull_up"})

    pins: tuple[int, ...] = Field(
        (17,), description="the pin (BCM number) of each channel, in order"
    )
    active_high: bool = Field(True, description="whether a high level energises the relay")
    pull_up: bool = Field(
        True, description="inputs have their resistor to 3.3 V and are active when drawn to ground"
    )


class Wire(Section):
    """An input of the board: contact, exit, fire or tamper."""

    number: int = Field(
        examples=[0], ge=0, le=63, description="counts from 0; for gpio it is the pin"
    )
    invert: bool = Field(
        False,
        description="turns the input round: wire fire normally closed with invert = true, so that a"
        " cut wire means fire",
    )


InputName = Literal["contact", "exit", "fire", "tamper"]


class RelaySettings(Section):
    """The board that moves the lock. See docs/devices.md; try one with ``gate simulate relay``."""

    advanced: ClassVar[frozenset[str]] = frozenset({"timeout", "poll"})

    driver: Literal["simulated", "lcus", "modbus", "numato", "gpio"] = Field(
        "simulated",
        description="simulated, lcus, modbus, numato or gpio. A board with a timed pulse (modbus) "
        "is the best choice.",
    )
    port: str = Field(
        "/dev/ttyUSB0",
        description="serial port; use a name that survives a restart: in /dev/serial/by-id, or in "
        "/dev/serial/by-path where two adapters have the same serial number, or none",
    )
    baud: int = Field(9600, ge=1200, le=921600, description="speed of the serial port")
    timeout: float = Field(
        0.2, ge=0.05, le=2, description="the longest wait for one answer of the board, in seconds"
    )
    channel: int = Field(1, ge=1, le=8, description="the channel the lock is wired to")
    channels: int = Field(
        1, ge=1, le=8, description="how many channels of the board are switched off at start"
    )
    inputs: dict[InputName, Wire] = Field(
        default_factory=dict,
        examples=["contact"],
        description="Inputs of the board: contact, exit, fire, tamper",
    )
    poll: float = Field(
        0.05, ge=0.01, le=5, description="how often inputs and relay are read, in seconds"
    )
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
