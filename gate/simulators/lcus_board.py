"""An LCUS board: A0-frames, or the single bytes of its look-alikes."""

from __future__ import annotations

from typing import Literal

from gate.simulators.board import Board


class LcusBoard:
    """``readback``: how it answers FF. Bytes that are no frame are passed over one by one."""

    def __init__(
        self,
        channels: int = 1,
        readback: Literal["none", "text", "bytes"] = "none",
        variant: Literal["A0", "AA"] = "A0",
    ) -> None:
        self.board = Board(channels)
        self._readback = readback
        self._variant = variant
        self._rest = b""

    def receive(self, data: bytes, now: float) -> bytes:
        if self._variant == "AA":
            for byte in data:
                self._single(byte, now)
            return b""
        self._rest += data
        answer = b""
        while self._rest:
            if self._rest[0] == 0xFF:
                answer += self._status()
            elif self._rest[0] == 0xA0:
                if len(self._rest) < 4:
                    break
                if self._framed(self._rest[:4], now):
                    self._rest = self._rest[4:]
                    continue
            self._rest = self._rest[1:]
        return answer

    def stream(self, now: float) -> bytes:
        self.board.pass_time(now)
        return b""

    def _single(self, byte: int, now: float) -> None:
        if byte in (0xAA, 0xBB):
            self.board.switch(0, byte == 0xAA, now)
        elif byte == 0xCC:
            self.board.switch(0, True, now, 1.0)

    def _framed(self, frame: bytes, now: float) -> bool:
        _, channel, operation, total = frame
        valid = 1 <= channel <= self.board.channels and operation in (0, 1)
        if not valid or sum(frame[:3]) % 256 != total:
            return False
        self.board.switch(channel - 1, bool(operation), now)
        return True

    def _status(self) -> bytes:
        if self._readback == "text":
            lines = (
                f"CH{number}:{'ON' if on else 'OFF'} \r\n"
                for number, on in enumerate(self.board.relays, 1)
            )
            return "".join(lines).encode()
        return bytes(self.board.relays) if self._readback == "bytes" else b""
