"""A Numato board: echoes each command and ends each answer with a prompt."""

from __future__ import annotations

from gate.simulators.board import Board


class NumatoBoard:
    """Relays and GPIO inputs by words."""

    def __init__(self, channels: int = 4) -> None:
        self.board = Board(channels)
        self._line = b""

    def receive(self, data: bytes, now: float) -> bytes:
        answer = b""
        for byte in data:
            character = bytes((byte,))
            answer += character  # the echo
            if character == b"\r":
                said = self._command(self._line.decode("ascii", "replace").strip(), now)
                answer += (b"\n\r" + said.encode() if said else b"") + b"\n\r>"
                self._line = b""
            else:
                self._line = (self._line + character)[-64:]
        return answer

    def stream(self, now: float) -> bytes:
        self.board.pass_time(now)
        return b""

    def _command(self, line: str, now: float) -> str:
        match line.split():
            case ["relay", ("on" | "off") as to, number] if self._known(number):
                self.board.switch(int(number), to == "on", now)
            case ["relay", "read", number] if self._known(number):
                return "on" if self.board.relays[int(number)] else "off"
            case ["gpio", "read", number] if (
                number.isascii() and number.isdigit() and int(number) < 8
            ):
                return str(int(self.board.wires[int(number)]))
            case ["ver"]:
                return "00000008"
            case ["id", "get"]:
                return "00000000"
        return ""

    def _known(self, number: str) -> bool:
        return number.isascii() and number.isdigit() and int(number) < self.board.channels
