"""/healthz, /readyz and /metrics: read-only, loopback unless configured otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gate.errors import ConfigurationError
from gate.integrations.metrics import Metrics
from gate.integrations.settings import HttpSettings

# named checks; reasons are short codes without personal data
Checks = Mapping[str, Callable[[], str]]


class HealthServer:
    """A thread that answers.

    ``alive`` and ``ready`` are named checks that return "" when all is well, else the reason.
    /healthz fails when the process should be restarted, /readyz when it cannot serve people now.
    """

    def __init__(
        self, settings: HttpSettings, metrics: Metrics, alive: Checks, ready: Checks
    ) -> None:
        handler = _handler(metrics, {"/healthz": alive, "/readyz": ready})
        try:
            self._server = ThreadingHTTPServer((settings.host, settings.port), handler)
        except OSError as error:
            raise ConfigurationError(
                f"the health page cannot be opened: {error.strerror}",
                where=f"[http] {settings.host}:{settings.port}",
                mend="choose a free port and an address of this machine",
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="http"
        )
        self._thread.daemon = True

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(metrics: Metrics, pages: Mapping[str, Checks]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "gate"
        sys_version = ""
        timeout = 5.0

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/metrics":
                self._answer(200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8")
            elif path in pages:
                found = {name: check() for name, check in pages[path].items()}
                status = 503 if any(found.values()) else 200
                report = {name: said or "ok" for name, said in found.items()}
                self._answer(status, json.dumps(report).encode() + b"\n", "application/json")
            else:
                self._answer(404, b"not here\n", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody needs a line for every scrape."""

    return Handler
