"""The wires of the readers: what a DeviceThread reads. One owner, the thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from gate.devices.device_thread import Line
from gate.devices.serial_port import SerialPort
from gate.readers.card_number import of_bytes
from gate.readers.claim import UNREADABLE, ClaimKind, Shown
from gate.readers.rdm6300 import parse
from gate.readers.settings import ReaderSettings

log = logging.getLogger(__name__)

LONGEST_LINE = 2048
# seconds of silence after which an unfinished line of a scanner is forgotten
PAUSE = 0.5
# seconds between two log lines about numbers that no card has
BLANKS_EVERY = 600.0


def make_line(settings: ReaderSettings) -> Line[Shown]:
    """The line of the driver the configuration names. Libraries are loaded when needed."""
    match settings.driver:
        case "rdm6300":
            return CardLine(settings)
        case "scanner":
            return ScannerLine(settings)
        case "wedge":
            from gate.readers.wedge import WedgeLine

            return WedgeLine(settings)
        case "osdp":
            from gate.readers.osdp import OsdpLine

            return OsdpLine(settings)


class CardLine:
    """RDM6300 and the like."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._port = SerialPort(settings.port, settings.baud)
        self._rest = b""
        self._seen: tuple[int, int] = (-1, 0)  # the last number, and how often in a row
        self._blanks = 0
        self._blank_logged = -BLANKS_EVERY

    def open(self) -> None:
        self._rest = b""
        self._port.open()

    def read(self) -> Iterable[Shown]:
        numbers, self._rest = parse(self._rest + self._port.read())
        shown = []
        for number in numbers:
            last, times = self._seen
            self._seen = (number, times + 1 if number == last else 1)
            if self._seen[1] < self._settings.confirm:
                continue
            settings = self._settings
            turned = settings.byte_order == "reversed"
            card = of_bytes(number, 4, settings.card_bits, reversed_bytes=turned)
            if card is None:
                self._blank()
            else:
                shown.append((ClaimKind.CARD, card))
        return shown

    def _blank(self) -> None:
        """RDM6300 readers send zeros by themselves: no card, but the installer can see it."""
        self._blanks += 1
        now = time.monotonic()
        if now - self._blank_logged >= BLANKS_EVERY:
            log.warning(
                "reader.blank_number",
                extra={"reader": self._settings.name, "count": self._blanks},
            )
            self._blank_logged, self._blanks = now, 0

    def close(self) -> None:
        self._port.close()


class ScannerLine:
    """A serial QR scanner: the text of a permit, ended by carriage return, line feed or both."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._port = SerialPort(settings.port, settings.baud)
        self._rest = b""
        self._last = 0.0

    def open(self) -> None:
        self._rest = b""
        self._port.open()

    def read(self) -> Iterable[Shown]:
        data = self._port.read()
        now = time.monotonic()
        if data:
            if now - self._last > PAUSE:
                self._rest = b""
            self._last = now
        texts, self._rest = lines_of(self._rest + data)
        return [(ClaimKind.PERMIT, text) for text in texts]

    def close(self) -> None:
        self._port.close()


def lines_of(buffer: bytes) -> tuple[list[str], bytes]:
    """The whole lines in ``buffer`` and what remains.

    ``UNREADABLE`` for a line that is too long or not printable text; empty lines are left out.
    """
    *whole, rest = buffer.replace(b"\r", b"\n").split(b"\n")
    texts = []
    for line in whole:
        text = line.decode("utf-8", "replace").strip()
        if not text:
            continue
        good = len(text) <= LONGEST_LINE and text.isprintable() and "\ufffd" not in text
        texts.append(text if good else UNREADABLE)
    return texts, rest[-LONGEST_LINE:]
