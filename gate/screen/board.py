"""The newest page, written by any thread and awaited by every browser."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import NamedTuple


class Posted(NamedTuple):
    number: int
    at: float  # monotonic seconds of the posting
    text: str  # JSON


class Board:
    """Only the newest page is kept: a slow browser misses outdated pages only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posted = Posted(0, 0.0, "{}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event | None = None
        self.closed = False

    @property
    def newest(self) -> Posted:
        return self._posted

    def post(self, text: str, at: float) -> int:
        """From any thread; returns the number of the page at once."""
        with self._lock:
            self._posted = Posted(self._posted.number + 1, at, text)
            number = self._posted.number
        self._ring()
        return number

    def close(self) -> None:
        """Release every waiting browser."""
        self.closed = True
        self._ring()

    def bind(self) -> None:
        """Called once inside the loop that awaits."""
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()

    async def after(self, number: int, within: float) -> Posted | None:
        """The newest page once it is later than ``number``; None after ``within`` seconds."""
        assert self._news is not None
        if self._posted.number == number and not self.closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), within)
        posted = self._posted
        return posted if posted.number != number else None

    def _ring(self) -> None:
        loop, news = self._loop, self._news
        if loop is not None and news is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()  # everybody who waits holds this one
            self._news = asyncio.Event()
