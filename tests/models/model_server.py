"""A server of model files on this machine that can be slow, break off and lie."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ModelServer:
    """Serves ``content`` at every path. Set the fields to make it misbehave."""

    content: bytes
    break_after: int | None = None  # bytes of the file after which the connection ends
    declare: int | None = None  # a Content-Length that is not the truth
    omit_length: bool = False
    pause: float = 0.0  # seconds between pieces of 4096 bytes
    ranges: bool = True
    status: int = 200
    port: int = 0
    asked: list[str] = field(default_factory=list)  # the Range of each request, or ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/file"

    @contextlib.contextmanager
    def running(self) -> Iterator[ModelServer]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def _handler(served: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            served.asked.append(wanted)
            if served.status >= 400:
                self.send_error(served.status)
                return
            start = 0
            if wanted and served.ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(served.content):
                    self.send_error(416)
                    return
            body = served.content[start:]
            self.send_response(206 if start else 200)
            if not served.omit_length:
                length = len(body) if served.declare is None else served.declare
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if served.break_after is not None:
                body = body[: max(0, served.break_after - start)]
            with contextlib.suppress(OSError):
                for at in range(0, len(body), 4096):
                    self.wfile.write(body[at : at + 4096])
                    self.wfile.flush()
                    time.sleep(served.pause)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
