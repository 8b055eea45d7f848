"""HTTP pages of the daemon: a socket, and a server that half-open connections cannot stop.

uvicorn waits for the rest of a request's head indefinitely and accepts any number of connections.
Here the head has to be complete after ``HEAD_WITHIN`` seconds. Beyond ``CONNECTIONS`` the one that
has waited longest without a complete head is closed, so a browser that asks is still answered.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from gate.errors import ConfigurationError

CONNECTIONS = 64
HEAD_WITHIN = 5.0  # seconds


def listen(section: str, what: str, host: str, port: int) -> socket.socket:
    """Bound and listening; ``host`` a name or an address of either family.

    Args:
        section: of the configuration, where host and port are set.
        what: is served, for the error.

    Raises ConfigurationError when the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"the {what} cannot be served: {error.strerror or error}",
            where=f"[{section}] host and port: {host}:{port}",
            hint="end the other program that uses the port, or choose another port",
        ) from None


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP with a limit to the time of a request's head and to the connections."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            waiting = [each for each in self.connections if getattr(each, "_head_timer", None)]
            # the handles of one loop are due in the order in which they were made
            oldest = min(waiting, key=lambda each: each._head_timer.when(), default=self)  # type: ignore[union-attr]
            oldest._close_now()  # type: ignore[union-attr]
            if oldest is self:
                return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_is_whole()  # being answered, for as long as that takes
        elif self._head_timer is None and not self.transport.is_closing():
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_whole()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_WITHIN, self._close_now)

    def _head_is_whole(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_now(self) -> None:
        self._head_is_whole()
        self.connections.discard(self)
        self.transport.abort()


class PageServer:
    """Serves one ASGI application from a thread of its own.

    Args:
        app: the application.
        listening: see ``listen``.
        name: of the thread.
        lifespan: whether the application has a start of its own.
    """

    def __init__(
        self, app: Any, listening: socket.socket, name: str, *, lifespan: bool = False
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
        self._server = uvicorn.Server(config)
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
