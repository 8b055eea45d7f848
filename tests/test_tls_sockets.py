"""Connections that never finish their TLS handshake keep nobody out: the desk's and the hub's."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gate import sockets
from gate.setup import desk_certificate
from gate.sockets import CONNECTIONS, PER_ADDRESS, BoundedHttp, Closing, EndingServer, listen
from tests.waiting import eventually, wait_for

SILENT = 300  # connections that say nothing
SOON = 20.0  # seconds; asyncio itself closes them after sixty


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return desk_certificate.make(tmp_path_factory.mktemp("tls"), ("localhost",))


@pytest.fixture
def port(files: tuple[Path, Path, Path]) -> Iterator[int]:
    """A page served as the desk is."""
    config = uvicorn.Config(
        Starlette(routes=[Route("/", hello)]),
        ssl_certfile=files[1],
        ssl_keyfile=files[2],
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=3600,  # nobody is closed for asking slowly
    )
    config.load()
    server = EndingServer(config, Closing())
    listening = listen("desk", "desk", "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(60)
    listening.close()


@pytest.fixture
def silent() -> Iterator[list[socket.socket]]:
    held: list[socket.socket] = []
    yield held
    for each in held:
        each.close()


def ask(port: int, authority: Path) -> bytes:
    """The page, over a connection of its own."""
    context = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection(("127.0.0.1", port), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := wire.recv(4096):
            answer += part
        return answer


def read_to(wire: ssl.SSLSocket, end: bytes) -> bool:
    """Whether the answer comes to its end before the connection does."""
    answer = b""
    while not answer.endswith(end):
        part = wire.recv(4096)
        if not part:
            return False
        answer += part
    return True


def still_open(held: list[socket.socket]) -> int:
    """How many of the connections the server has not closed."""
    count = 0
    for each in held:
        each.setblocking(False)
        try:
            count += each.recv(1) != b""
        except (BlockingIOError, ssl.SSLWantReadError):
            count += 1
        except OSError:
            pass
    return count


def test_silent_connections_take_no_more_than_their_share(
    port: int, files: tuple[Path, Path, Path], silent: list[socket.socket]
) -> None:
    for _ in range(SILENT):
        silent.append(socket.create_connection(("127.0.0.1", port), 60))
    assert b"hello" in ask(port, files[0])  # accepted behind all of them
    assert eventually(lambda: still_open(silent) <= CONNECTIONS, SOON)


def test_one_other_machine_has_fewer_and_keeps_the_newest(
    port: int,
    files: tuple[Path, Path, Path],
    silent: list[socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "_is_this_machine", lambda address: False)
    for _ in range(3 * PER_ADDRESS):
        silent.append(socket.create_connection(("127.0.0.1", port), 60))
    assert b"hello" in ask(port, files[0])
    assert eventually(lambda: still_open(silent) <= PER_ADDRESS, SOON)


def test_who_has_shaken_hands_is_not_closed_for_those_who_have_not(
    port: int, files: tuple[Path, Path, Path], silent: list[socket.socket]
) -> None:
    context = ssl.create_default_context(cafile=str(files[0]))
    with (
        socket.create_connection(("127.0.0.1", port), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_to(wire, b"hello")
        for _ in range(SILENT):
            silent.append(socket.create_connection(("127.0.0.1", port), 60))
        assert b"hello" in ask(port, files[0])
        assert eventually(lambda: still_open(silent) <= CONNECTIONS, SOON)
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_to(wire, b"hello")
