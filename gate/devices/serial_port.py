"""A serial port whose every failure is a DeviceError and whose every call returns in time."""

from __future__ import annotations

import contextlib
import os
import termios
import time
from collections.abc import Callable

import serial  # type: ignore[import-untyped]

from gate.errors import DeviceError

# what pyserial lets through when a device vanishes; SerialException is an OSError
FAILURES = (OSError, TypeError, termios.error)


def unopened(port: str, reason: str) -> DeviceError:
    """The error for a port that cannot be opened."""
    return DeviceError(
        f"the serial port cannot be opened: {reason}",
        where=port,
        hint="plug the device in, look for its name in /dev/serial/by-id, and let the "
        "gate's user belong to the group dialout",
    )


class SerialPort:
    """Used by one thread. ``timeout`` (seconds) bounds each read and each write.

    ``patience``: for writes alone, where reads are to return sooner than a busy machine writes.
    """

    def __init__(
        self, port: str, baud: int = 9600, timeout: float = 0.2, patience: float = 0.0
    ) -> None:
        self.port = port
        self._baud = baud
        self._timeout = timeout
        self._patience = patience or timeout
        self._serial: serial.Serial | None = None

    def open(self) -> None:
        self.close()
        try:
            self._serial = serial.Serial(
                self.port,
                self._baud,
                timeout=self._timeout,
                write_timeout=self._patience,
                exclusive=True,
            )
        except (ValueError, *FAILURES) as error:
            raise unopened(self.port, _reason(error)) from None

    def write(self, data: bytes) -> None:
        try:
            self._opened().write(data)
        except FAILURES as error:
            raise self._lost(error) from None

    def read(self, size: int = 256) -> bytes:
        """What has come, at least one byte if any came within the time-out."""
        port = self._opened()
        try:
            first: bytes = port.read(1)
            if not first:
                return b""
            rest: bytes = port.read(min(size - 1, port.in_waiting)) if size > 1 else b""
            return first + rest
        except FAILURES as error:
            raise self._lost(error) from None

    def answer(self, complete: Callable[[bytes], bool], most: int = 4096) -> bytes:
        """Bytes until ``complete`` says so, ``most`` came, or the time-out is over."""
        got = b""
        end = time.monotonic() + self._timeout
        while not complete(got) and len(got) < most and time.monotonic() < end:
            got += self.read()
        return got

    def forget(self) -> None:
        """Drop what came before, so that an old answer is not mistaken for a new one."""
        try:
            self._opened().reset_input_buffer()
        except FAILURES as error:
            raise self._lost(error) from None

    def close(self) -> None:
        if self._serial is not None:
            with contextlib.suppress(*FAILURES):  # a port that is gone is closed
                self._serial.close()
            self._serial = None

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            raise DeviceError("the serial port is not open", where=self.port, hint="open it first")
        return self._serial

    def _lost(self, error: Exception) -> DeviceError:
        self.close()
        return DeviceError(
            f"the serial device was lost: {_reason(error)}",
            where=self.port,
            hint="check the cable; the gate retries automatically",
        )


def _reason(error: Exception) -> str:
    """The system's own words, without pyserial's wrapping."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error)
