"""pymodbus's clients, waiting by the monotonic clock.

The library's own wait by the wall clock: a clock that is set back by an hour while an answer is on
its way, as happens when the network comes, would make them wait for that hour.
"""

from __future__ import annotations

import contextlib
import termios

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException

MOST = 4096


class SerialClient(ModbusSerialClient):
    """Modbus RTU; each wait for bytes ends after the client's time-out."""

    def recv(self, size: int | None) -> bytes:
        port = self.socket
        if port is None:
            raise ConnectionException(str(self))
        try:
            first: bytes = port.read(1)
            return first + port.read(port.in_waiting) if first else b""
        except (
            OSError,
            TypeError,
            termios.error,
        ):  # what pyserial raises for a device that is gone
            self.close()  # type: ignore[no-untyped-call]
            raise ConnectionException(str(self)) from None

    def forget(self) -> None:
        """Drop what came too late for the request before: these answers have no number."""
        if self.socket is not None:
            with contextlib.suppress(OSError, TypeError, termios.error):
                self.socket.reset_input_buffer()


class TcpClient(ModbusTcpClient):
    """Modbus TCP; each wait for bytes ends after the client's time-out."""

    def recv(self, size: int | None) -> bytes:
        if self.socket is None:
            raise ConnectionException(str(self))
        self.socket.settimeout(self.comm_params.timeout_connect)
        try:
            data = self.socket.recv(MOST)
        except TimeoutError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.close()  # type: ignore[no-untyped-call]
            raise ConnectionException(str(self))
        return data

    def forget(self) -> None:
        """Drop what came too late for the request before."""
        if self.socket is not None:
            self.socket.setblocking(False)
            with contextlib.suppress(OSError):
                while self.socket.recv(MOST):
                    pass
