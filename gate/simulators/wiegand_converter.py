"""Converters from serial digits to Wiegand, as their published descriptions say.

- MC-100: three digits of the facility, five of the number, line feed and carriage return, at
  115,200 baud; sends 26 bits (github.com/jjsch-dev/wiegand-generator, wieg_gen.py).
- S4A: decimal digits, complete after a pause; sends the low 32 bits of the number as Wiegand 34
  (S4A, "Ethernet----WIEGAND Bidirectional converter Manual", 3.1).
"""

from __future__ import annotations

from typing import Literal

from gate.readers import wiegand

PAUSE = 0.1  # seconds; the manual says 25 ms, which a busy machine's pseudo-terminal takes


class WiegandConverter:
    """``sent``: length in bits and data without parity of each card that went on."""

    def __init__(self, kind: Literal["mc-100", "s4a"] = "mc-100") -> None:
        self.kind = kind
        self.sent: list[tuple[int, int]] = []
        self.wire: list[tuple[int, ...]] = []  # the same with parity, first sent first
        self._heard = b""
        self._last = 0.0

    def receive(self, data: bytes, now: float) -> bytes:
        self._heard += data
        self._last = now
        if self.kind == "mc-100":
            *cards, self._heard = self._heard.split(b"\n\r")
            for card in cards:
                if len(card) == 8 and card.isascii() and card.isdigit() and int(card[:3]) < 256:
                    self._send(26, int(card[:3]) << 16 | int(card[3:]) & 0xFFFF)
        return b""

    def stream(self, now: float) -> bytes:
        if self.kind == "s4a" and self._heard and now - self._last > PAUSE:
            digits, self._heard = self._heard, b""
            # a single one is a key, sent as 8 bits
            if digits.isascii() and digits.isdigit() and len(digits) > 1:
                self._send(34, int(digits) & 0xFFFFFFFF)
        return b""

    def _send(self, length: int, data: int) -> None:
        self.sent.append((length, data))
        self.wire.append(wiegand.encode(data, length))
