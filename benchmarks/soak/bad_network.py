"""A network between gate and broker that delays, cuts, and sends messages twice."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator


class BadNetwork:
    """Listens on ``port`` of the loopback address and passes on to ``target``.

    ``delay`` seconds at most for each packet; ``twice`` is the share of published messages that
    are passed on a second time; ``cut()`` breaks every connection.
    """

    def __init__(self, target: int, delay: float, twice: float, seed: int = 1) -> None:
        self.duplicates = 0
        self.cuts = 0
        self._target = target
        self._delay = delay
        self._twice = twice
        self._random = random.Random(seed)
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.cuts += 1
        for one in list(self._open):
            _end(one)

    def close(self) -> None:
        _end(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(("127.0.0.1", self._target), 2)
            except OSError:
                _end(inner)
                continue
            self._open |= {inner, outer}
            threading.Thread(target=self._pass, args=(inner, outer, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(outer, inner, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, to_broker: bool) -> None:
        with contextlib.suppress(OSError, ValueError):
            source.settimeout(None)
            for packet in _packets(source):
                if self._random.random() < 0.05:
                    time.sleep(self._random.random() * self._delay)
                target.sendall(packet)
                published = packet[0] >> 4 == 3 and packet[0] & 0b110  # QoS 1 or 2
                if to_broker and published and self._random.random() < self._twice:
                    target.sendall(bytes([packet[0] | 0b1000]) + packet[1:])
                    self.duplicates += 1
        for one in (source, target):
            self._open.discard(one)
            _end(one)


def _packets(source: socket.socket) -> Iterator[bytes]:
    """MQTT control packets, whole."""
    stream = source.makefile("rb")
    while head := stream.read(2):
        length, shift, used = head[1] & 127, 7, head
        while used[-1] & 128:
            used += stream.read(1)
            length |= (used[-1] & 127) << shift
            shift += 7
        body = stream.read(length)
        if len(body) < length:
            return
        yield used + body


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
