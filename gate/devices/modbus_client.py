"""pymodbus's clients, waiting by the monotonic clock.

The library's own wait by the wall clock: a clock that is set back by an hour while an answer is on
its way, as happens when the network comes, would make them wait for that hour.
"""

from __future__ import annotations

import contextlib
import logging
import termios
import time
from collections.abc import Callable

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException

# every failure becomes an error of ours; without a log, as in a command, Python would print it too
logging.getLogger("pymodbus.logging").addHandler(logging.NullHandler())

MOST = 4096
# seconds without a byte after which an answer is over
QUIET = 0.03


def _settle(waiting: Callable[[], int], drop: Callable[[], None], wait: float) -> None:
    """Drop what comes within ``wait`` seconds, or until something came and was over."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if waiting():
            drop()
            end = min(end, time.monotonic() + QUIET)
        time.sleep(0.005)


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

    def forget(self, wait: float = 0.0) -> None:
        """Drop answers to earlier requests: they carry no number and fit the next one as well.

        ``wait``: seconds for an answer that is still on its way; less once one has come.
        """
        port = self.socket
        if port is not None:
            with contextlib.suppress(OSError, TypeError, termios.error):
                _settle(lambda: port.in_waiting, port.reset_input_buffer, wait)
                port.reset_input_buffer()


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

    def forget(self, wait: float = 0.0) -> None:
        """Drop answers to earlier requests; a late one carries its number, so none is awaited."""
        if self.socket is not None:
            self.socket.setblocking(False)
            with contextlib.suppress(OSError):
                while self.socket.recv(MOST):
                    pass
