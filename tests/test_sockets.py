"""Half-open connections neither stop a page nor keep descriptors."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gate import sockets
from gate.errors import ConfigurationError
from gate.sockets import CONNECTIONS, PageServer, listen
from tests.waiting import eventually


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.fixture
def port() -> Iterator[int]:
    listening = listen("screen", "screen", "127.0.0.1", 0)
    server = PageServer(Starlette(routes=[Route("/", hello)]), listening, "page")
    server.start()
    yield server.port
    server.stop()
    server.stop()
    listening.close()


@pytest.fixture
def half_sent() -> Iterator[list[socket.socket]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("needs 4,096 descriptors for both ends")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    with contextlib.ExitStack() as after:
        held: list[socket.socket] = []
        after.callback(lambda: [each.close() for each in held])  # type: ignore[func-returns-value]
        yield held
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ask(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_1300_half_sent_heads_leave_the_page_alive_and_descriptors_free(
    port: int, half_sent: list[socket.socket]
) -> None:
    before = descriptors()
    for _ in range(1300):
        each = socket.create_connection(("127.0.0.1", port), 10)
        half_sent.append(each)
        with contextlib.suppress(OSError):  # closed already
            each.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    assert ask(port) == "hello"
    # our own 1,300 ends are open; of the server's no more than its limit
    assert eventually(lambda: descriptors() <= before + 1300 + CONNECTIONS + 5)
    assert ask(port) == "hello"


def test_a_head_that_never_ends_is_closed_in_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "HEAD_WITHIN", 0.3)
    with socket.create_connection(("127.0.0.1", port), 10) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        slow.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""


def test_a_second_head_on_the_same_connection_has_the_same_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "HEAD_WITHIN", 0.5)
    with socket.create_connection(("127.0.0.1", port), 10) as slow:
        slow.settimeout(10)
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert eventually(lambda: b"hello" in slow.recv(4096, socket.MSG_PEEK))
        slow.recv(4096)
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""


def test_a_port_in_use_is_an_error_that_names_it() -> None:
    with (
        listen("screen", "screen", "127.0.0.1", 0) as taken,
        pytest.raises(ConfigurationError, match="cannot be served") as raised,
    ):
        listen("screen", "screen", "127.0.0.1", taken.getsockname()[1])
    assert "[screen] host and port" in raised.value.where
    assert os.strerror(98) in str(raised.value)
