"""A serial port in memory for pymodbus's client: what it is asked, and the answer it will give.

The whole way of an answer is the one of the drivers, from the port's bytes to the value; only the
waiting for bytes that will not come is left out, so that 100,000 answers take seconds. ``Net`` is
the same for Modbus TCP.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from gate.simulators.modbus_board import crc16


class Wire:
    """``answer`` makes of each request the bytes that come back."""

    is_open = True

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.came = b""
        self._waiting = b""

    @property
    def in_waiting(self) -> int:
        return len(self._waiting)

    def write(self, request: bytes) -> int:
        self.came = self._waiting = self.answer(request)
        return len(request)

    def read(self, size: int) -> bytes:
        got, self._waiting = self._waiting[:size], self._waiting[size:]
        return got

    def reset_input_buffer(self) -> None:
        self._waiting = b""

    def close(self) -> None:
        pass


class Net:
    """The same as a socket. ``answer`` makes of each request the bytes that come back."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.came = b""
        self._waiting = b""

    def send(self, request: bytes) -> int:
        self.came = self._waiting = self.answer(request)
        return len(request)

    def recv(self, size: int) -> bytes:
        got, self._waiting = self._waiting[:size], self._waiting[size:]
        if not got:
            raise TimeoutError
        return got

    def settimeout(self, seconds: float) -> None:
        pass

    def setblocking(self, on: bool) -> None:
        pass

    def close(self) -> None:
        pass


def attach(client: Any, wire: Wire) -> None:
    """Put the wire behind a pymodbus serial client."""
    client.socket = wire
    # nothing is on its way that could be waited for
    client.forget = lambda wait=0.0: wire.reset_input_buffer()


def framed(body: bytes) -> bytes:
    return body + crc16(body)


def damaged(answer: bytes, chance: random.Random) -> bytes:
    """An answer as a bad line, a late board or another one on the same wire would give it."""
    at = chance.randrange(len(answer))
    byte = answer[at]
    match chance.randrange(10):
        case 0:
            return answer[:at] + bytes((byte ^ chance.randrange(1, 256),)) + answer[at + 1 :]
        case 1:
            return answer[:at] + answer[at + 1 :]
        case 2:
            return answer[: at + 1] + answer[at:]
        case 3:
            return answer[:at]
        case 4:
            return chance.randbytes(chance.randrange(20))
        case 5:
            return chance.randbytes(chance.randrange(1, 4)) + answer
        case 6:  # whole, of another unit
            return framed(bytes((chance.randrange(2, 248),)) + answer[1:-2])
        case 7:  # whole, to another question
            return framed(answer[:1] + bytes((chance.randrange(1, 128),)) + answer[2:-2])
        case 8:  # whole, longer or shorter than asked for
            size = chance.randrange(6)
            return framed(answer[:2] + bytes((size,)) + chance.randbytes(size))
        case _:  # refused
            return framed(answer[:1] + bytes((answer[1] | 0x80, chance.randrange(1, 12))))


def genuine(came: bytes, beginning: bytes, length: int) -> list[bytes]:
    """Every frame in ``came`` of this beginning and length whose check is really right."""
    found = []
    at = came.find(beginning)
    while at >= 0:
        frame = came[at : at + length]
        if len(frame) == length and crc16(frame[:-2]) == frame[-2:]:
            found.append(frame)
        at = came.find(beginning, at + 1)
    return found
