"""A platform that takes records, and misbehaves on command."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import PATIENCE, wait_for

SECRET = "correct horse battery"
RECEIVER = "export:site"


@dataclass
class Platform:
    """A receiver with a will of its own. ``moods`` are used up one a request, then it behaves.

    It does what docs/exporting.md asks of a platform: it keeps a record once by its id, and an
    answer it gave by the Idempotency-Key.
    """

    moods: list[str] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    verify: Callable[[dict[str, str], bytes], bool] = lambda headers, body: True
    resumes: bool = True
    dedupes: bool = True
    poison: set[int] = field(default_factory=set)
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    @property
    def sequences(self) -> list[int]:
        return [r["sequence"] for r in self.kept if "sequence" in r]

    def keep(self, records: list[dict[str, Any]]) -> None:
        known = {r.get("id") for r in self.kept} if self.dedupes else set()
        self.kept += [r for r in records if r.get("id") is None or r["id"] not in known]


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not platform.resumes:
                self.answer(404, {})
                return
            with platform.lock:
                events = [r for r in platform.kept if "sequence" in r]
            newest = max(events, key=lambda r: (r["epoch"], r["sequence"])) if events else {}
            self.answer(200, {k: newest[k] for k in ("epoch", "sequence") if newest})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            with platform.lock:
                if self.given_up():  # this thread was late: what it does now nobody asks for
                    return
                mood = platform.moods.pop(0) if platform.moods else ""
                platform.requests.append({"headers": headers, "body": body, "path": self.path})
                if not platform.verify(headers, body):
                    self.answer(401, {})
                    return
                self.react(mood, json.loads(body)["records"])

        def react(self, mood: str, records: list[dict[str, Any]]) -> None:
            last = records[-1].get("sequence", 0)
            if any(r.get("sequence") in platform.poison for r in records):
                return self.answer(422, {"error": "one of them"})
            match mood:
                case "503":
                    return self.answer(503, {})
                case "busy":
                    return self.answer(429, {}, {"Retry-After": "1"})
                case "redirect":
                    return self.answer(302, {}, {"Location": "http://127.0.0.1:9/"})
                case "refuses":
                    return self.answer(400, {})
                case "kept, then 500":
                    platform.keep(records)
                    return self.answer(500, {})
                case "kept, then silent":
                    platform.keep(records)
                    wait_for(self.given_up)
                    self.close_connection = True
                    return None
                case "kept, then cut":
                    platform.keep(records)
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
                    self.close_connection = True
                    return None
                case "drips":
                    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40:
                        try:
                            self.wfile.write(bytes([byte]))
                        except OSError:
                            return None
                        time.sleep(0.1)
                    self.close_connection = True
                    return None
                case "endless":
                    self.send_response(200)
                    self.end_headers()
                    try:
                        for _ in range(3000):
                            self.wfile.write(b" " * 1000)
                    except OSError:
                        return None
                    self.close_connection = True
                    return None
                case "half":
                    half = records[: max(1, len(records) // 2)]
                    platform.keep(half)
                    return self.answer(200, {"last": half[-1].get("sequence")})
                case "says more":
                    return self.answer(200, {"last": last + 1000})
                case "says nothing":
                    return self.answer(200, {})
                case "says less":
                    return self.answer(200, {"last": 0})
                case "not JSON":
                    return self.answer(200, None)
            platform.keep(records)
            return self.answer(200, {"last": last})

        def given_up(self) -> bool:
            """Whether who sent the request has hung up."""
            try:
                return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                return True

        def answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
            body = b"<html>" if value is None else json.dumps(value).encode()
            self.send_response(status)
            for name, text in (headers or {}).items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


class Host:
    """Starts and stops the platform on one port."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._server: _Server | None = None

    def up(self) -> None:
        self._server = _Server(("127.0.0.1", self._platform.port), _handler(self._platform))
        self._platform.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def eventually(check: Callable[[], object], timeout: float = PATIENCE) -> None:
    wait_for(check, timeout)
