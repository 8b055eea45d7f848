"""Modbus relay boards over RS-485 (RTU) or Ethernet (TCP), with the board's own timed pulse."""

from __future__ import annotations

import errno
import math
import os
import struct
import termios
from pathlib import Path
from typing import Any

from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import WriteSingleCoilRequest

from gate.devices.modbus_client import SerialClient, TcpClient
from gate.devices.serial_port import unopened
from gate.errors import DeviceError
from gate.relay.settings import RelaySettings

FLASH_ON = 0x0200  # + channel; the value is the time in tenths of a second
LONGEST_FLASH = 0x7FFF
FUNCTIONS = {"read_coils": 1, "read_discrete_inputs": 2}
HINT = "check cable, termination, power, speed and address of the board"
FAILURES = (ModbusException, OSError, termios.error)


class FlashOn(WriteSingleCoilRequest):
    """On for some tenths of a second, then off by the board itself."""

    def __init__(self, coil: int, tenths: int, unit: int) -> None:
        super().__init__(dev_id=unit, address=FLASH_ON + coil, bits=[True])
        self._tenths = tenths

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self._tenths)


def tenths_for(hold: float) -> int:
    """Tenths of a second that last at least ``hold`` seconds and at most a fifth more."""
    return min(max(2, math.ceil(hold * 10 - 1e-9) + 1), LONGEST_FLASH)


class ModbusRelay:
    """A RelayDriver. Coils and inputs of the board count from 0, our channels from 1."""

    def __init__(self, settings: RelaySettings) -> None:
        self.name = "modbus"
        self._settings = settings
        modbus = settings.modbus
        self._late = False  # an answer to an earlier question may still be on its way
        # no retries of the library's own: the supervisor tries again with what is true by then, so
        # that a late "on" never follows an order that has expired
        self._client: SerialClient | TcpClient
        if modbus.transport == "tcp":
            self._where = f"{modbus.host}:{modbus.tcp_port}"
            self._client = TcpClient(
                modbus.host, port=modbus.tcp_port, timeout=settings.timeout, retries=0
            )
        else:
            self._where = settings.port
            self._client = SerialClient(
                settings.port, baudrate=settings.baud, timeout=settings.timeout, retries=0
            )

    def open(self) -> None:
        try:
            connected = self._client.connect()
        except (ValueError, *FAILURES):
            connected = False
        if not connected:
            raise self._unreachable()
        for channel in range(1, self._settings.channels + 1):
            self.set(channel, False, 0)

    def set(self, channel: int, on: bool, hold: float) -> None:
        unit = self._settings.modbus.unit
        if on and self._settings.modbus.timed_pulse:
            self._ask(FlashOn(channel - 1, tenths_for(hold), unit))
        else:
            request = WriteSingleCoilRequest(dev_id=unit, address=channel - 1, bits=[on])
            # nothing delays a relay that is to rest
            self._ask(request, settle=on)

    def state(self, channel: int) -> bool | None:
        return self._bits("read_coils", channel)[channel - 1]

    def inputs(self) -> dict[str, bool]:
        wires = self._settings.inputs
        if not wires:
            return {}
        highest = max(wire.number for wire in wires.values())
        bits = self._bits("read_discrete_inputs", highest + 1)
        return {name: bits[wire.number] != wire.invert for name, wire in wires.items()}

    def close(self) -> None:
        if self._client.connected:
            try:
                for channel in range(1, self._settings.channels + 1):
                    self.set(channel, False, 0)
            except DeviceError:
                pass  # out of reach: the board's own timer ends the pulse
        self._client.close()  # type: ignore[no-untyped-call]

    def _bits(self, function: str, count: int) -> list[bool]:
        # boards answer in whole bytes; asking for eight is what all of them know
        whole = -(-count // 8) * 8
        call: Any = getattr(self._client, function)
        self._settle()
        try:
            answer = call(0, count=whole, device_id=self._settings.modbus.unit)
        except FAILURES as error:
            raise self._failed(error) from None
        bits = self._checked(answer, FUNCTIONS[function]).bits
        if len(bits) != whole:
            raise self._no_answer(f"{len(bits)} bits of {whole}")
        return [bool(bit) for bit in bits]

    def _settle(self) -> None:
        """A late answer to one question must not be mistaken for the answer to the next."""
        self._client.forget(self._settings.timeout if self._late else 0.0)
        self._late = False

    def _ask(self, request: ModbusPDU, *, settle: bool = True) -> ModbusPDU:
        if settle:
            self._settle()
        else:
            self._client.forget()
        try:
            answer = self._client.execute(False, request)
        except FAILURES as error:
            raise self._failed(error) from None
        answer = self._checked(answer, request.function_code)
        if (answer.address, answer.bits) != (request.address, request.bits):
            raise self._no_answer("the echo of another command")
        return answer

    def _checked(self, answer: Any, function: int) -> ModbusPDU:
        if not isinstance(answer, ModbusPDU):
            raise self._no_answer("nothing")
        if answer.isError():
            raise self._no_answer(f"exception code {answer.exception_code}")
        if answer.function_code != function:  # whole and ours, but to an earlier question
            raise self._no_answer(f"an answer to function {answer.function_code}")
        return answer

    def _unreachable(self) -> DeviceError:
        if self._settings.modbus.transport == "rtu" and not Path(self._where).exists():
            return unopened(self._where, os.strerror(errno.ENOENT))
        return DeviceError(
            "the Modbus relay board cannot be reached",
            where=self._where,
            hint="check cable, power, port and address of the board",
        )

    def _failed(self, error: Exception) -> DeviceError:
        if isinstance(error, ConnectionException):
            self._late = True
            return self._unreachable()
        if isinstance(error, ModbusIOException):
            self._late = True
            what = "no valid answer from the Modbus relay board"
            return DeviceError(what, where=self._where, hint=HINT)
        return self._no_answer(str(error))

    def _no_answer(self, came: str) -> DeviceError:
        self._late = True
        return DeviceError(
            f"unexpected answer from the Modbus relay board ({came})",
            where=self._where,
            hint=HINT,
        )
