"""A receiver of messages: what Apprise's ``json://`` posts to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Telephone(HTTPServer):
    """Keeps what is posted, by path; refuses while ``away``, and answers only when ``lets``."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.away = False
        self.lets = threading.Event()
        self.lets.set()
        self.rings = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/secret-token"


class _Handler(BaseHTTPRequestHandler):
    server: Telephone

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.rings.set()
        self.server.lets.wait(60)
        if self.server.away:
            self.send_response(503)
        else:
            self.server.got.append(json.loads(body))
            self.server.paths.append(self.path)
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def ringing() -> Iterator[Telephone]:
    """A telephone that is on."""
    with Telephone() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.lets.set()
            server.shutdown()
            thread.join()
