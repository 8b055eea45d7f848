"""Follows the register: people, faces and orders that others wrote into the store."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from gate.access.hold_open import open_until
from gate.access.schedule import is_open
from gate.daemon.build import Core
from gate.daemon.event_loop import Item, Order
from gate.errors import StoreError
from gate.services.rule_set import build_house
from gate.store.database_errors import ConflictError

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks: the gate forgets within two seconds
MINUTE = 60.0
TIDY = 3600.0  # seconds between two tidyings of the store


class Register:
    """One thread calls ``run``; ``later`` and ``reload`` are for any.

    Set before ``run``, called by its thread, may raise StoreError: ``often`` at every look,
    ``minutely`` once a minute, each of ``forget`` with everybody who is gone.
    """

    def __init__(
        self,
        core: Core,
        post: Callable[[Item], None],
    ) -> None:
        self._core = core
        self._post = post
        self.forget: list[Callable[[int], None]] = []
        self.often: Callable[[], None] = lambda: None
        self.minutely: Callable[[], None] = lambda: None
        self._held: datetime | None = None  # end of the scheduled hold-open already ordered
        self._plan: object = None  # what it was foreseen from
        self._writes: deque[Callable[[], None]] = deque()
        self._seen = -1
        self._people = frozenset(core.loop.house.people)
        self._stopping = threading.Event()
        self._again = threading.Event()

    def reload(self) -> None:
        """Read everything anew at the next look; from any thread."""
        self._again.set()

    def later(self, write: Callable[[], None]) -> None:
        """Have something written soon by this thread: the main loop waits for no disk."""
        self._writes.append(write)

    def close(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Look until closed; a store that cannot be read is tried again."""
        tidied = minute = time.monotonic()
        with suppress(StoreError):
            self._core.store.orders.void(self._core.settings.name)
        while not self._stopping.wait(EVERY):
            try:
                self._look()
                self._take_orders()
                self._hold_open()
                self.often()
                self._write()
                if time.monotonic() - minute > MINUTE:
                    minute = time.monotonic()
                    self.minutely()
                    self._core.known.relearn()  # the next look puts it into use
                if time.monotonic() - tidied > TIDY:
                    self._core.store.tidy()
                    tidied = time.monotonic()
            except StoreError as error:
                log.warning("register.unread", extra={"cause": error.what, "where": error.where})
        with suppress(StoreError):
            self._write()

    def _write(self) -> None:
        """Everything handed to ``later``; what cannot be written now stays the next in line."""
        while self._writes:
            try:
                self._writes[0]()
            except ConflictError as error:  # it never can be
                log.warning("register.unwritten", extra={"cause": error.what})
            self._writes.popleft()

    def _look(self) -> None:
        matcher = self._core.known.matcher()
        if matcher is not self._core.recogniser.matcher:
            self._core.recogniser.matcher = matcher
        generation = self._core.store.changes.generation()
        if generation == self._seen and not self._again.is_set():
            return
        self._again.clear()
        house = build_house(self._core.settings, self._core.store)
        self._post(house)
        self._seen = generation
        now = frozenset(house.people)
        for person in self._people - now:
            for forget in self.forget:
                forget(person)
        self._people = now

    def _hold_open(self) -> None:
        """The schedule by which the door stands open: one order a window, so staff may end it."""
        access = self._core.settings.access
        rules = self._core.loop.house.rules
        schedule = rules.schedules.get(access.hold_open)
        if schedule is None:
            if self._held is not None:
                self._post(Order("hold_ends", "schedule"))
            self._held = None
            return
        when = datetime.now(UTC).astimezone()
        plan = schedule, dict(rules.days)
        inside = self._held is not None and when < self._held
        if inside and plan == self._plan and is_open(schedule, when, rules.days):
            return
        end = open_until(schedule, when, rules.days)
        if end is not None and end != self._held:
            self._post(Order("hold", "schedule", (end - when).total_seconds()))
        elif end is None and self._held is not None:  # the clock or the schedule was put right
            self._post(Order("hold_ends", "schedule"))
        self._held, self._plan = end, plan

    def _take_orders(self) -> None:
        orders = self._core.store.orders
        for row in orders.take(self._core.settings.name):
            seconds = 0.0
            if row.until is not None:
                seconds = max(0.0, (row.until - datetime.now(UTC)).total_seconds())
            refused = self._core.loop.refusal(row.command)
            self._post(Order(row.command, row.ordered_by, seconds))
            # written later: a store that refuses keeps no order from the door
            self.later(partial(orders.done, row.id, refused or "done"))
