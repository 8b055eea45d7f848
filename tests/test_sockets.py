"""Half-open connections neither stop a page nor keep descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gate import sockets
from gate.errors import ConfigurationError
from gate.sockets import (
    CONNECTIONS,
    PER_ADDRESS,
    BoundedHttp,
    Closing,
    PageServer,
    listen,
    same_origin,
)
from tests.waiting import PATIENCE, eventually, wait_for


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def size(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def stream(request: Request) -> Response:
    async def forever() -> AsyncIterator[str]:
        while not await request.is_disconnected():
            yield "."
            await asyncio.sleep(0.1)

    return StreamingResponse(forever())


ROUTES = [Route("/", hello), Route("/size", size, methods=["POST"]), Route("/stream", stream)]


@pytest.fixture
def port() -> Iterator[int]:
    listening = listen("screen", "screen", "127.0.0.1", 0)
    server = PageServer(Starlette(routes=ROUTES), listening, "page")
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.slow
def test_1300_half_sent_heads_leave_the_page_alive_and_descriptors_free(
    port: int, half_sent: list[socket.socket]
) -> None:
    before = descriptors()
    for _ in range(1300):
        each = socket.create_connection(("127.0.0.1", port), PATIENCE)
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
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        slow.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""


def test_a_second_head_on_the_same_connection_has_the_same_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as slow:
        slow.settimeout(PATIENCE)
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert eventually(lambda: b"hello" in slow.recv(4096, socket.MSG_PEEK))
        slow.recv(4096)
        monkeypatch.setattr(sockets, "HEAD_WITHIN", 0.5)
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


def test_a_body_that_stops_is_closed_in_time_and_one_that_goes_on_is_not(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BODY_PAUSE", 3600.0)
    begins, pauses = BoundedHttp._await, list[asyncio.TimerHandle | None]()

    def awaits(self: BoundedHttp, seconds: float) -> None:
        begins(self, seconds)
        if seconds == 3600.0:
            pauses.append(self._timer)

    monkeypatch.setattr(BoundedHttp, "_await", awaits)
    head = b"POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as slow:
        slow.settimeout(PATIENCE)
        slow.sendall(head)
        for sent, byte in enumerate((b"1", b"2", b"3", b"4"), start=1):
            wait_for(lambda: len(pauses) == sent)  # noqa: B023 - what came begins another pause
            slow.sendall(byte)
        # head and body may come one after the other
        assert eventually(lambda: b"4 bytes" in slow.recv(4096, socket.MSG_PEEK))
    assert [pause is not None and pause.cancelled() for pause in pauses] == [True] * 4
    monkeypatch.setattr(sockets, "BODY_PAUSE", 0.5)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as stopped:
        stopped.settimeout(PATIENCE)
        stopped.sendall(head + b"123")
        with contextlib.suppress(ConnectionResetError):
            assert stopped.recv(100) == b""


def test_one_other_machine_cannot_take_all_connections(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_is_this_machine", lambda address: False)
    with contextlib.ExitStack() as after:
        held = []
        for _ in range(PER_ADDRESS):
            each = after.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            each.settimeout(PATIENCE)
            each.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in each.recv(4096)
            held.append(each)
        newest = after.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
        newest.settimeout(PATIENCE)
        newest.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in newest.recv(4096), "its newest is served"

        def ended() -> bool:
            try:
                while held[0].recv(4096):
                    pass
            except ConnectionResetError:
                pass
            return True

        assert ended(), "its oldest was closed"


def test_a_page_of_another_origin_is_recognised() -> None:
    own = {"host": "gate:80", "origin": "http://gate:80"}
    assert same_origin(own)
    assert same_origin({"host": "gate:80"})
    assert not same_origin(own | {"origin": "http://evil"})
    assert not same_origin(own | {"origin": "null"})
    assert not same_origin(own | {"origin": "http://[::1"})
    assert not same_origin(own | {"sec-fetch-site": "cross-site"})


def stopped_while_read(app: Starlette, closing: Closing, log: pytest.LogCaptureFixture) -> str:
    """What a reader of ``/`` got when the server stopped behind its first line."""
    listening = listen("desk", "desk", "127.0.0.1", 0)
    server = PageServer(app, listening, "pages", closing=closing)
    server.start()
    got = ""
    with httpx.stream("GET", f"http://127.0.0.1:{server.port}/", timeout=60) as answer:
        try:
            for text in answer.iter_text():
                if not got:
                    server.stop()
                got += text
        except httpx.RemoteProtocolError:
            got += "cut"
    server.stop()
    assert [record for record in log.records if record.exc_info] == [], "a stack trace"
    return got


@pytest.mark.parametrize("listens", [True, False])
def test_a_stop_ends_streams_or_cuts_them_without_a_stack_trace(
    listens: bool, caplog: pytest.LogCaptureFixture
) -> None:
    closing = Closing()

    async def lines() -> AsyncIterator[str]:
        yield "first "
        await (closing.within(60) if listens else asyncio.sleep(60))
        yield "last"

    async def endless(request: Request) -> Response:
        return StreamingResponse(lines())

    got = stopped_while_read(Starlette(routes=[Route("/", endless)]), closing, caplog)
    assert got == ("first last" if listens else "first cut")


def test_who_waits_after_the_stop_began_does_not_wait() -> None:
    closing = Closing()
    assert asyncio.run(closing.within(0)) is False
    closing.begin()
    assert asyncio.run(closing.within(600)) is True
