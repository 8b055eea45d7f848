"""LCUS serial relay boards (CH340) and their single-byte look-alikes."""

from __future__ import annotations

import re

from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.relay.settings import RelaySettings

QUERY = b"\xff"
SINGLE_ON, SINGLE_OFF, SINGLE_PULSE = b"\xaa", b"\xbb", b"\xcc"
_LINE = re.compile(rb"CH([1-8]):[ \t]*(ON|OFF)[ \t]*\r?\n", re.IGNORECASE)


def command(channel: int, on: bool) -> bytes:
    """The frame for channel 1 to 8: start, channel, operation, sum modulo 256."""
    body = bytes((0xA0, channel, int(on)))
    return body + bytes((sum(body) % 256,))


def parse_text(data: bytes) -> dict[int, bool]:
    """The channels an answer in text lines names; empty unless they are named in order."""
    said = [(int(number), word.upper() == b"ON") for number, word in _LINE.findall(data)]
    in_order = [number for number, _ in said] == list(range(1, len(said) + 1))
    return dict(said) if in_order else {}


def parse_bytes(data: bytes, channels: int) -> dict[int, bool]:
    """The channels of an answer of one byte (0 or 1) each; empty unless it is exactly that."""
    if len(data) != channels or any(byte > 1 for byte in data):
        return {}
    return {number: bool(byte) for number, byte in enumerate(data, 1)}


class LcusRelay:
    """A RelayDriver. The board acknowledges nothing; where it answers FF its word is taken."""

    def __init__(self, settings: RelaySettings) -> None:
        self.name = "lcus"
        self._settings = settings
        self._port = SerialPort(settings.port, settings.baud, settings.timeout)

    def open(self) -> None:
        self._port.open()
        for channel in range(1, self._settings.channels + 1):
            self.set(channel, False, 0)

    def set(self, channel: int, on: bool, hold: float) -> None:
        if self._settings.lcus.variant == "AA":
            energise = SINGLE_PULSE if self._settings.lcus.timed_pulse else SINGLE_ON
            self._port.write(energise if on else SINGLE_OFF)
        else:
            self._port.write(command(channel, on))

    def state(self, channel: int) -> bool | None:
        if self._settings.lcus.readback == "none":
            return None
        self._port.forget()
        self._port.write(QUERY)
        answer = self._port.answer(lambda got: len(self._parse(got)) == self._settings.channels)
        said = self._parse(answer)
        if channel not in said:
            raise DeviceError(
                f"the relay board did not report the state of channel {channel} "
                f"({len(answer)} bytes came)",
                where=self._settings.port,
                hint='check cable and power; for a board that never answers set readback = "none"',
            )
        return said[channel]

    def inputs(self) -> dict[str, bool]:
        return {}

    def close(self) -> None:
        try:
            for channel in range(1, self._settings.channels + 1):
                self.set(channel, False, 0)
        except DeviceError:
            pass  # out of reach: nothing more can be done from here
        self._port.close()

    def _parse(self, answer: bytes) -> dict[int, bool]:
        if self._settings.lcus.readback == "text":
            return parse_text(answer)
        return parse_bytes(answer, self._settings.channels)
