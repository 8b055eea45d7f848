"""Wakes the long polls when a change or an order is written, by whatever process."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from sqlalchemy import func, select

from gate.errors import StoreError
from gate.store.heads import CHANNEL
from gate.store.store import Store
from gate.store.tables import ChangeRow, OrderRow, SightingRow

log = logging.getLogger(__name__)

_POLL = 0.1  # seconds between two looks at an SQLite register
_SAFE = 1.0  # seconds after which PostgreSQL is looked at although nothing was heard


class Waker:
    """One thread looks for all polls together; ``wait`` belongs to the server's event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._seen: tuple[int, int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="feed-waker", daemon=True)

    def start(self) -> None:
        """Called on the event loop."""
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._changed is not None:
            self._changed.set()

    def join(self) -> None:
        """After ``stop``, until its thread has ended; at once when it never began."""
        if self._thread.ident is not None:
            self._thread.join(30)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def ticket(self) -> asyncio.Event:
        """Taken before the look whose result is nothing, so that no change falls in between."""
        assert self._changed is not None
        return self._changed

    async def wait(self, ticket: asyncio.Event, seconds: float) -> None:
        """Until something was written after ``ticket`` was taken, or for ``seconds``."""
        try:
            await asyncio.wait_for(ticket.wait(), seconds)
        except TimeoutError:
            return

    def _run(self) -> None:
        listen: Callable[[float], bool] | None = None
        heard = False
        while not self._stopping.is_set():
            try:
                if not self._store.database.is_sqlite and listen is None:
                    listen, heard = self._listener(), True  # what was said before is unknown
                seen = self._look()
                # of two orders written at once the lower number may be committed last: nothing
                # that is looked at has grown then, but it was heard
                if heard or seen != self._seen:
                    self._seen = seen
                    self._wake()
                heard = listen(_SAFE) if listen is not None else self._stopping.wait(_POLL)
            except Exception as error:  # the server is away: every poll times out and asks again
                listen = None
                cause = error.what if isinstance(error, StoreError) else type(error).__name__
                log.warning("hub.waker", extra={"cause": cause})
                self._stopping.wait(_SAFE)

    def _look(self) -> tuple[int, int, int]:
        with self._store.database.read() as session:
            return (
                session.scalar(select(func.max(ChangeRow.id))) or 0,
                session.scalar(select(func.max(OrderRow.id))) or 0,
                session.scalar(select(func.max(SightingRow.n))) or 0,
            )

    def _wake(self) -> None:
        loop = self._loop
        assert loop is not None

        def swap() -> None:
            ticket, self._changed = self._changed, asyncio.Event()
            assert ticket is not None
            ticket.set()

        loop.call_soon_threadsafe(swap)

    def _listener(self) -> Callable[[float], bool]:
        import psycopg

        url = self._store.database.url.set(drivername="postgresql")
        text = url.render_as_string(hide_password=False)
        connection = psycopg.connect(text, autocommit=True, connect_timeout=5)
        connection.execute(f"LISTEN {CHANNEL}")

        def listen(seconds: float) -> bool:
            return bool(list(connection.notifies(timeout=seconds, stop_after=1)))

        return listen
