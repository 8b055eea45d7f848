"""HTTP pages of the daemon: a socket, and a server that half-open connections cannot stop.

uvicorn waits for the rest of a request indefinitely and accepts any number of connections. Here
the head has to be complete after ``HEAD_WITHIN`` seconds, and in a body no pause may be longer
than ``BODY_PAUSE``. Beyond ``CONNECTIONS`` the one that waits longest for the rest of a request is
closed, so a browser that asks is still answered; beyond ``PER_ADDRESS`` of one other machine that
machine's own oldest one is. The same numbers hold for connections whose TLS handshake is not done.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from gate.errors import ConfigurationError

CONNECTIONS = 64
PER_ADDRESS = 24  # of one other machine; this one may run a proxy for many
HEAD_WITHIN = 5.0  # seconds
BODY_PAUSE = 30.0  # seconds


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a changing request came from our own pages, as far as the browser says.

    Args:
        headers: of the request, names in lower case or without regard to it.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def listen(
    section: str, what: str, host: str, port: int, *, handshakes: int = CONNECTIONS
) -> socket.socket:
    """Bound and listening; ``host`` a name or an address of either family.

    Args:
        section: of the configuration, where host and port are set.
        what: is served, for the error.
        handshakes: of TLS that may be under way at one time; of one other machine in the same
            share as of connections.

    Raises ConfigurationError when the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return Listener(socket.create_server((host, port), family=family).detach(), handshakes)
    except OSError as error:
        raise ConfigurationError(
            f"the {what} cannot be served: {error.strerror or error}",
            where=f"[{section}] host and port: {host}:{port}",
            hint="end the other program that uses the port, or choose another port",
        ) from None


class Listener(socket.socket):
    """Accepts connections, and closes the oldest of too many that no server has got hold of yet.

    asyncio gives a TLS handshake a minute and any number of them, each with its descriptor, before
    uvicorn hears of the connection.
    """

    def __init__(self, descriptor: int, most: int) -> None:
        super().__init__(fileno=descriptor)
        self._most, self._most_of_one = most, most * PER_ADDRESS // CONNECTIONS
        self._waiting: list[tuple[socket.socket, str]] = []

    def accept(self) -> tuple[socket.socket, Any]:
        made, address = super().accept()
        self._waiting = [
            one for one in self._waiting if one[0].fileno() >= 0 and one[0].fileno() not in _SERVED
        ]
        machine = str(address[0])
        own = [one for one in self._waiting if one[1] == machine]
        if len(own) >= self._most_of_one and not _is_this_machine(machine):
            self._cut(own[0])
        elif len(self._waiting) >= self._most:
            self._cut(self._waiting[0])
        self._waiting.append((made, machine))
        return made, address

    def _cut(self, one: tuple[socket.socket, str]) -> None:
        """End a connection; whoever reads from it closes it."""
        self._waiting.remove(one)
        with suppress(OSError):
            one[0].shutdown(socket.SHUT_RDWR)


_SERVED: set[int] = set()  # descriptors of connections that a server has got hold of


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP with limits to the time of a request and to the connections."""

    known = False  # whether it is of somebody who has proved who they are: then it is not counted

    _timer: asyncio.TimerHandle | None = None  # runs while the rest of a request is awaited
    _descriptor = -1
    _since = 0.0  # when that began, or when the connection was made

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        there = transport.get_extra_info("socket")
        self._descriptor = -1 if there is None else int(there.fileno())
        _SERVED.add(self._descriptor)
        self._since = time.monotonic()
        ours = [each for each in self.connections if isinstance(each, BoundedHttp)]
        ours = [each for each in ours if not each.known]
        own = [each for each in ours if _machine(each) == _machine(self)]
        if self.known:
            pass
        elif len(own) > PER_ADDRESS and not _is_this_machine(_machine(self)):
            self._close_one_of(own)
        elif len(ours) > CONNECTIONS:
            self._close_one_of([each for each in ours if each._timer is not None] or [self])
        if not self.transport.is_closing():
            self._await(HEAD_WITHIN)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            if self._timer is None:
                self._await(HEAD_WITHIN)
            return
        self._is_whole()  # being answered, for as long as that takes
        if self.cycle.more_body:
            self._await(BODY_PAUSE)

    def connection_lost(self, exc: Exception | None) -> None:
        _SERVED.discard(self._descriptor)
        self._is_whole()
        super().connection_lost(exc)

    def _await(self, seconds: float) -> None:
        self._since = time.monotonic()
        self._timer = self.loop.call_later(seconds, self._overdue)

    def _is_whole(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _overdue(self) -> None:
        if self.flow.read_paused:  # it is we who do not read on
            self._await(BODY_PAUSE)
        else:
            self._close_now()

    @staticmethod
    def _close_one_of(some: list[BoundedHttp]) -> None:
        """The one that waits longest for the rest of a request, else the oldest."""
        min(some, key=lambda each: (each._timer is None, each._since))._close_now()

    def _close_now(self) -> None:
        self._is_whole()
        self.connections.discard(self)
        self.transport.abort()


def _machine(connection: BoundedHttp) -> str:
    return connection.client[0] if connection.client else ""


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a socket of this machine
        return True


class Closing:
    """Says to streams that their server stops: a response without an end is theirs to end.

    May be waited for from several event loops at once.
    """

    def __init__(self) -> None:
        self.begun = False
        self._waiting: set[asyncio.Future[None]] = set()

    async def within(self, seconds: float) -> bool:
        """Wait that long at most; whether the server stops."""
        if not self.begun:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            await asyncio.wait({future}, timeout=0 if self.begun else seconds)
            self._waiting.discard(future)
        return self.begun

    def begin(self) -> None:
        """Wake who waits, from any thread."""
        self.begun = True
        for future in tuple(self._waiting):
            future.get_loop().call_soon_threadsafe(future.cancel)


class EndingServer(uvicorn.Server):
    """uvicorn's server, which lets streams end by themselves before it cuts what is left.

    uvicorn reports each response it cuts with a stack trace, though the stop was asked for.
    """

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self._closing = closing
        logging.getLogger("uvicorn.error").addFilter(_is_no_cut)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn once it is to exit."""
        self._closing.begin()
        await super().shutdown(sockets)


def _is_no_cut(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


class PageServer:
    """Serves one ASGI application from a thread of its own.

    Args:
        app: the application.
        listening: see ``listen``.
        name: of the thread.
        lifespan: whether the application has a start of its own.
        closing: of the application's streams.
    """

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        name: str,
        *,
        lifespan: bool = False,
        closing: Closing | None = None,
    ) -> None:
        self.port = int(listening.getsockname()[1])
        config = uvicorn.Config(
            app,
            http=BoundedHttp,
            ws="none",
            lifespan="on" if lifespan else "off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = EndingServer(config, closing or Closing())
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name=name, daemon=True
        )

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """May be called twice, and without a start."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5)
