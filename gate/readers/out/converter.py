"""A converter that takes decimal digits on a serial port and sends them on as Wiegand.

The line goes one way: a converter brings neither the controller's answer nor word that it sent.
"""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Iterable

from gate.devices.serial_port import SerialPort
from gate.errors import ConfigurationError
from gate.readers.out.card_formats import CardFormat

MOST = 20  # digits of one card
# seconds between two cards: 37 bits at 2 ms, and the pause by which a converter without an
# ending knows that a card is complete (25 ms in S4A's manual)
APART = 0.25
_LAYOUT = re.compile(r"F*N+|C+")


def check(layout: str) -> None:
    """Raises ConfigurationError for what is no layout of digits."""
    if not _LAYOUT.fullmatch(layout) or len(layout) > MOST:
        raise ConfigurationError(
            f"no layout of digits: {layout[:40]}",
            where="[reader_out] digits",
            hint='facility and number apart, as "FFFNNNNN", or the whole card, as "CCCCCCCCCC"',
        )


def frame(
    layout: str, ending: str, form: CardFormat, bits: tuple[int, ...], facility: int, number: int
) -> bytes | None:
    """What is sent for a card; None when it does not fit into the digits.

    ``layout``: one character a digit, F of the facility, N of the number, or C of both as one
    number, which is the card's bits without its parity (``bits``, first sent first).
    """
    data = [bit for bit, place in zip(bits, form.layout, strict=True) if place != "P"]
    values = {"F": facility, "N": number, "C": int("".join(map(str, data)), 2)}
    text = ""
    for place in "FNC":
        width = layout.count(place)
        if width:
            text += f"{values[place]:0{width}d}"
    return (text + ending).encode("ascii") if len(text) == len(layout) else None


class ConverterLine:
    """The serial port of a converter. Only its thread opens, reads and closes; any may ``send``."""

    def __init__(self, port: str, baud: int) -> None:
        self._wire = SerialPort(port, baud, 0.05, patience=0.5)
        self._frames: queue.Queue[bytes] = queue.Queue(8)
        self._free = 0.0

    def open(self) -> None:
        self._wire.open()

    def read(self) -> Iterable[bool]:
        """Sends what waits. No answers come; what a converter says of itself is ignored."""
        self._wire.read()
        if time.monotonic() >= self._free and not self._frames.empty():
            self._wire.write(self._frames.get_nowait())
            self._free = time.monotonic() + APART
        return []

    def send(self, frame: bytes) -> bool:
        """Queue a card; whether there is room."""
        try:
            self._frames.put_nowait(frame)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        while not self._frames.empty():
            self._frames.get_nowait()  # a card of before must not open after
        self._wire.close()
