"""A Modbus device: relay board with flash-on, digital inputs, registers; RTU and TCP framing."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
import time

from gate.simulators.board import Board

GAP = 0.02  # seconds without a byte end an unfinished frame


def crc16(data: bytes) -> bytes:
    """Modbus CRC (polynomial 0xA001), low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class ModbusBoard:
    """One unit. ``registers`` answer both as holding and as input registers."""

    def __init__(self, channels: int = 8, unit: int = 1) -> None:
        self.board = Board(channels)
        self.registers: dict[int, int] = {}
        self._unit = unit
        self._frame = b""
        self._last = 0.0

    def receive(self, data: bytes, now: float) -> bytes:
        if now - self._last > GAP:
            self._frame = b""
        self._last = now
        self._frame += data
        # every request spoken here is eight bytes long
        while len(self._frame) >= 8:
            frame = self._frame[:8]
            if crc16(frame[:6]) != frame[6:]:
                self._frame = self._frame[1:]
                continue
            self._frame = self._frame[8:]
            if frame[0] == self._unit:
                body = frame[:1] + self.answer(frame[1:6], now)
                return body + crc16(body)
        return b""

    def stream(self, now: float) -> bytes:
        self.board.pass_time(now)
        return b""

    def answer(self, request: bytes, now: float) -> bytes:
        """The answering protocol data unit (function and data) to a request of five bytes."""
        function, address, value = struct.unpack(">BHH", request)
        self.board.pass_time(now)
        if function in (1, 2) and 1 <= value <= 8 and address + value <= 8:
            bits = self.board.relays if function == 1 else self.board.wires
            packed = sum(on << i for i, on in enumerate(bits[address : address + value]))
            return bytes((function, 1, packed))
        if function in (3, 4) and 1 <= value <= 16:
            words = [self.registers.get(address + i) for i in range(value)]
            known = [word & 0xFFFF for word in words if word is not None]
            if len(known) == value:
                return struct.pack(f">BB{value}H", function, 2 * value, *known)
        if function == 5 and self._coil(address, value, now):
            return request
        return bytes((function | 0x80, 2))

    def _coil(self, address: int, value: int, now: float) -> bool:
        kind, channel = address & 0xFF00, address & 0xFF
        if channel >= self.board.channels:
            return False
        if kind == 0 and value in (0xFF00, 0x0000):
            self.board.switch(channel, value == 0xFF00, now)
        elif kind == 0 and value == 0x5500:
            self.board.switch(channel, not self.board.relays[channel], now)
        elif kind == 0x0200 and value <= 0x7FFF:
            self.board.switch(channel, True, now, value / 10)
        else:
            return False
        return True


class ModbusTcp(socketserver.ThreadingTCPServer):
    """The same board behind Ethernet, at a free port of this machine."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, device: ModbusBoard) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.device = device
        self.lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        threading.Thread(target=self._pass_time, daemon=True).start()

    def server_close(self) -> None:
        self._ended.set()
        super().server_close()

    def _pass_time(self) -> None:
        while not self._ended.wait(0.01):
            with self.lock:
                self.device.board.pass_time(time.monotonic())


class _Connection(socketserver.StreamRequestHandler):
    server: ModbusTcp

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while len(head := self.rfile.read(7)) == 7:
                transaction, _, length, unit = struct.unpack(">HHHB", head)
                request = self.rfile.read(length - 1)
                if len(request) != 5:
                    return
                with self.server.lock:
                    answer = self.server.device.answer(request, time.monotonic())
                self.wfile.write(
                    struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer
                )
