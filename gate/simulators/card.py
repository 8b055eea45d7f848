"""Readers on a serial port: 125 kHz cards that lie near for a while, and QR codes."""

from __future__ import annotations

from gate.readers.rdm6300 import encode


class CardReader:
    """An RDM6300: sends the frame again and again while a card is near."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._until = 0.0
        self._next = 0.0
        self._seconds = 0.0

    def show(self, number: int, seconds: float = 0.5) -> None:
        """Hold a card before the reader; may be called from another thread.

        Raises ValueError for a number that the reader's four bytes cannot say.
        """
        if not 0 <= number < 1 << 32:
            raise ValueError("a card number of this reader is at most 4294967295")
        self._seconds = seconds
        self._until = 0.0
        self._number = number

    def receive(self, data: bytes, now: float) -> bytes:
        return b""

    def stream(self, now: float) -> bytes:
        number = self._number
        if number is None:
            return b""
        if not self._until:
            self._until, self._next = now + self._seconds, now
        if now >= self._until:
            self._number = None
            return b""
        if now < self._next:
            return b""
        self._next = now + 0.065
        return encode(number, 0x0A)


class CodeScanner:
    """A QR scanner: the text and a line end, once."""

    def __init__(self) -> None:
        self._text = b""

    def show(self, text: str) -> None:
        self._text = text.encode() + b"\r\n"

    def receive(self, data: bytes, now: float) -> bytes:
        return b""

    def stream(self, now: float) -> bytes:
        text, self._text = self._text, b""
        return text
