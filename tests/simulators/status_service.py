"""An example of an entry status service, and every way in which it can misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GREEN = {"items": {"code": {"good": True, "value": "green"}, "test": {"good": None}}}
RED = {"items": {"code": {"good": False, "value": "red"}, "test": {"good": True, "value": "2 d"}}}


class StatusService:
    """Attributes may be changed while it runs.

    Attributes:
        mode: "right", "error" (500), "garbage", "shape" (JSON of another form), "lies" (HTML that
            calls itself JSON), "words" ("yes" where a truth value belongs), "huge", "drip" (a
            byte every 50 ms), "hang", "cut".
        delay: seconds before the answer, or a function that gives them.
        answers: pseudonym → answer; others get GREEN.
        asked: pseudonyms, in order.
    """

    def __init__(self) -> None:
        self.mode = "right"
        self.delay: float | Callable[[], float] = 0.0
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                with suppress(BrokenPipeError, ConnectionResetError):
                    service.answer(self)

            def log_message(self, *args: object) -> None:
                """Nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/status"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        length = int(call.headers["Content-Length"])
        ref = json.loads(call.rfile.read(length))["person"]
        self.asked.append(ref)
        self.headers = dict(call.headers)
        time.sleep(self.delay() if callable(self.delay) else self.delay)
        if self.mode == "hang":
            time.sleep(3)
        body = json.dumps(self.answers.get(ref, GREEN)).encode()
        body = {
            "garbage": b"\x00\xff\xfe{{{",
            "shape": b'[{"code": "green"}]',
            "lies": b"<html>Please sign in</html>",
            "huge": b'{"items": {}, "x": "' + b"y" * 100_000 + b'"}',
            "words": b'{"items": {"code": {"good": "yes"}}}',
        }.get(self.mode, body)
        call.send_response(500 if self.mode == "error" else 200)
        call.send_header("Content-Type", "application/json")
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        if self.mode == "cut":
            call.wfile.write(body[:5])
            call.close_connection = True
            call.connection.close()
        elif self.mode == "drip":
            for byte in body:
                call.wfile.write(bytes([byte]))
                time.sleep(0.05)
        else:
            call.wfile.write(body)


@contextmanager
def status_service() -> Iterator[StatusService]:
    service = StatusService()
    try:
        yield service
    finally:
        service.close()
