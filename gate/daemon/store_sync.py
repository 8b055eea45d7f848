"""Follows the register: people and rules that others wrote into the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gate.daemon.build import Core
from gate.daemon.items import Item
from gate.daemon.periodic import Periodic
from gate.services.rule_set import People, build_context

MINUTE = 60.0


class StoreSync(Periodic):
    """``reload`` is for any thread.

    Set before ``run``, called by its thread, may raise StoreError: ``often`` at every look,
    ``minutely`` once a minute, each of ``forget`` with everyone who was deleted.
    """

    name = "register"

    def __init__(self, core: Core, post: Callable[[Item], None]) -> None:
        super().__init__()
        self._core = core
        self._post = post
        self.forget: list[Callable[[int], None]] = []
        self.often: Callable[[], None] = lambda: None
        self.minutely: Callable[[], None] = lambda: None
        self._seen = -1
        self._register = People(core.store)
        self._people = frozenset(core.loop.context.people)
        self._again = threading.Event()
        self._minute = time.monotonic()

    def reload(self) -> None:
        """Read everything again at the next look."""
        self._again.set()

    def look(self) -> None:
        self._follow()
        self.often()
        if time.monotonic() - self._minute > MINUTE:
            self._minute = time.monotonic()
            self.minutely()

    def _follow(self) -> None:
        generation = self._core.store.changes.generation()
        if generation == self._seen and not self._again.is_set():
            return
        if self._again.is_set():
            self._register = People(self._core.store)
        self._again.clear()
        context = build_context(self._core.settings, self._core.store, self._register)
        self._post(context)
        self._seen = generation
        now = frozenset(context.people)
        for person in self._people - now:
            for forget in self.forget:
                forget(person)
        self._people = now
