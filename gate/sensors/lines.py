"""The wires of the temperature sensors: what a DeviceThread reads. One owner, the thread."""

from __future__ import annotations

import math
import struct
import termios
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gate.devices.device_thread import Line
from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.sensors import mcu9061x, mcu90640
from gate.sensors.sample import Sample
from gate.sensors.settings import TemperatureSettings

if TYPE_CHECKING:  # pymodbus is loaded when a sensor needs it
    from gate.devices.modbus_client import SerialClient

# seconds without a byte that end a frame: longer than any pause inside one
PAUSE = 0.03
LONGEST_BUFFER = 8192
ANSWER = 0.3  # seconds
FUNCTIONS = {"holding": 3, "input": 4}

Parse = Callable[[bytes, bool, float], tuple[list[Sample], bytes]]


def make_line(settings: TemperatureSettings) -> Line[Sample]:
    """The line of the driver the configuration names."""
    if settings.driver == "modbus":
        return ModbusLine(settings)
    if settings.driver == "mcu90640":
        return SerialLine(settings, lambda data, quiet, now: _images(data, quiet, now, settings))
    return SerialLine(settings, _points)


class SerialLine:
    """A module that sends frames, by itself or when asked."""

    def __init__(self, settings: TemperatureSettings, parse: Parse) -> None:
        self._settings = settings
        self._parse = parse
        self._port = SerialPort(settings.port, settings.baud, PAUSE)
        self._rest = b""
        self._heard = 0.0
        self._asked = 0.0

    def open(self) -> None:
        self._port.open()
        self._rest = b""
        self._heard, self._asked = time.monotonic(), -math.inf
        if not self._settings.poll:
            self._port.write(mcu9061x.STREAM)

    def read(self) -> Iterable[Sample]:
        now = time.monotonic()
        if self._settings.poll and now - self._asked >= self._settings.poll:
            self._asked = now
            self._port.write(mcu9061x.ONE_READING)
        data = self._port.read(4096)
        now = time.monotonic()
        samples, self._rest = self._parse((self._rest + data)[-LONGEST_BUFFER:], not data, now)
        if samples:
            self._heard = now
        elif now - self._heard > self._settings.silent_after + self._settings.poll:
            raise DeviceError(
                f"the temperature sensor sent no valid frame for {self._settings.silent_after:g} s",
                where=self._settings.port,
                hint="check cable, power and baud",
            )
        return samples

    def close(self) -> None:
        self._port.close()


class ModbusLine:
    """An infrared sensor with registers over RS-485."""

    def __init__(self, settings: TemperatureSettings) -> None:
        self._settings = settings
        self._client: SerialClient | None = None

    def open(self) -> None:
        from gate.devices.modbus_client import SerialClient

        self.close()
        client = SerialClient(
            self._settings.port, baudrate=self._settings.baud, timeout=ANSWER, retries=0
        )
        try:
            connected = client.connect()
        except (OSError, ValueError, termios.error):
            connected = False
        if not connected:
            raise self._error("it cannot be opened")
        self._client = client

    def read(self) -> Iterable[Sample]:
        time.sleep(self._settings.poll or 0.1)
        modbus = self._settings.modbus
        surface = self._register(modbus.object)
        ambient = self._register(modbus.ambient) if modbus.ambient >= 0 else None
        return [Sample(surface, ambient, time.monotonic())]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _register(self, address: int) -> float:
        """Asked a second time after an answer that is missing or wrong."""
        try:
            return self._asked(address)
        except DeviceError:
            return self._asked(address, settle=ANSWER)

    def _asked(self, address: int, settle: float = 0.0) -> float:
        from pymodbus.exceptions import ModbusException

        if self._client is None:
            raise self._error("it is not open")
        modbus = self._settings.modbus
        # a late answer to an earlier question would fit this one as well
        self._client.forget(settle)
        ask = getattr(self._client, f"read_{modbus.function}_registers")
        try:
            answer = ask(address, count=1, device_id=modbus.unit)
        except (ModbusException, OSError, termios.error) as error:
            raise self._error(str(error)) from None
        if answer.isError():
            raise self._error(f"it refuses register {address}")
        if answer.function_code != FUNCTIONS[modbus.function] or len(answer.registers) != 1:
            raise self._error(f"another answer came than that of register {address}")
        (value,) = struct.unpack(">h", struct.pack(">H", answer.registers[0]))
        return float(value) * modbus.scale

    def _error(self, why: str) -> DeviceError:
        return DeviceError(
            f"the temperature sensor gave an unexpected answer: {why}",
            where=self._settings.port,
            hint="check cable, speed, unit, function and register",
        )


def _points(data: bytes, quiet: bool, now: float) -> tuple[list[Sample], bytes]:
    values, rest = mcu9061x.parse(data, quiet)
    return [Sample(surface, ambient, now) for surface, ambient in values], rest


def _images(
    data: bytes, quiet: bool, now: float, settings: TemperatureSettings
) -> tuple[list[Sample], bytes]:
    values, rest = mcu90640.parse(data, quiet)
    return [
        Sample(mcu90640.hottest(image, mcu90640.HOTTEST), ambient, now, image)
        for image, ambient in values
    ], rest
