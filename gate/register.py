"""Follows the register: people, faces and orders that others wrote into the store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gate.access.hold_open import open_until
from gate.core import Core
from gate.errors import StoreError
from gate.house import build_house
from gate.loop import Item, Order

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks: the gate forgets within two seconds
TIDY = 3600.0  # seconds between two tidyings of the store


class Register:
    """One thread calls ``run``; ``keep`` and ``reload`` are for any.

    Args:
        forget: told of everybody who is gone.
        agreed: told who wishes to be missed, when that may have changed.
    """

    def __init__(
        self,
        core: Core,
        post: Callable[[Item], None],
        forget: Callable[[int], None],
        agreed: Callable[[frozenset[int]], None],
    ) -> None:
        self._core = core
        self._post = post
        self._forget = forget
        self._agreed = agreed
        self._held: datetime | None = None  # end of the scheduled hold-open already ordered
        self._kept: dict[str, dict[str, Any]] = {}  # newest facts, not written yet
        self._lock = threading.Lock()  # guards _kept
        self._seen = -1
        self._people = frozenset(core.loop.house.people)
        self._stopping = threading.Event()
        self._again = threading.Event()

    def reload(self) -> None:
        """Read everything anew at the next look; from any thread."""
        self._again.set()

    def keep(self, key: str, value: dict[str, Any]) -> None:
        """Store a fact soon; only the newest value of a key counts."""
        with self._lock:
            self._kept[key] = value

    def close(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Look until closed; a store that cannot be read is tried again."""
        tidied = time.monotonic()
        while not self._stopping.wait(EVERY):
            try:
                self._look()
                self._take_orders()
                self._hold_open()
                self._write_kept()
                if time.monotonic() - tidied > TIDY:
                    self._core.store.tidy()
                    tidied = time.monotonic()
            except StoreError as error:
                log.warning("register.unread", extra={"cause": error.what, "where": error.where})

    def _look(self) -> None:
        generation = self._core.store.changes.generation()
        if generation == self._seen and not self._again.is_set():
            return
        self._again.clear()
        self._core.recogniser.matcher = self._core.known.matcher()
        house = build_house(self._core.settings, self._core.store)
        self._post(house)
        self._seen = generation
        now = frozenset(house.people)
        for person in self._people - now:
            self._forget(person)
        self._people = now
        self._agreed(self._core.store.consents.agreed("not_seen"))

    def _hold_open(self) -> None:
        """The schedule by which the door stands open: one order a window, so staff may end it."""
        access = self._core.settings.access
        rules = self._core.loop.house.rules
        schedule = rules.schedules.get(access.hold_open)
        if schedule is None:
            return
        when = datetime.now(UTC).astimezone()
        end = open_until(schedule, when, rules.days)
        if end is not None and end != self._held:
            self._post(Order("hold", "schedule", (end - when).total_seconds()))
        self._held = end

    def _write_kept(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, {}
        for key, value in kept.items():
            self._core.store.facts.set(key, value)

    def _take_orders(self) -> None:
        orders = self._core.store.orders
        for row in orders.take(self._core.settings.name):
            seconds = 0.0
            if row.until is not None:
                seconds = max(0.0, (row.until - datetime.now(UTC)).total_seconds())
            self._post(Order(row.command, row.ordered_by, seconds))
            orders.done(row.id, "done")
