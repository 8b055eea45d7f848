"""A TCP proxy that cuts or freezes what goes through it."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress


class Proxy:
    """Passes everything on to ``port`` until it is set otherwise."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._cut = False
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, cut: bool) -> None:
        """Every connection is closed, and none is accepted; or as before."""
        self._cut = cut
        if cut:
            for pair in self._pairs:
                for side in pair:
                    with suppress(OSError):
                        side.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()

    def freeze(self, frozen: bool) -> None:
        """Connections stay open and nothing passes any more; or as before."""
        if frozen:
            self._open.clear()
        else:
            self._open.set()

    def close(self) -> None:
        self.cut(True)
        self._open.set()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._cut:
                client.close()
                continue
            try:
                hub = socket.create_connection(("127.0.0.1", self._to), 5)
            except OSError:
                client.close()
                continue
            self._pairs.append((client, hub))
            threading.Thread(target=self._pass, args=(client, hub), daemon=True).start()

    def _pass(self, client: socket.socket, hub: socket.socket) -> None:
        with client, hub, suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([client, hub], [], [], 1)
                self._open.wait()
                for side in ready:
                    data = side.recv(1 << 16)
                    if not data:
                        return
                    (hub if side is client else client).sendall(data)
