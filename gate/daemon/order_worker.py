"""Orders of staff from the store, and the schedule by which the door is held open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from gate.access.hold_open import open_until
from gate.access.schedule import is_open
from gate.clock import Clock, local
from gate.daemon.build import Core
from gate.daemon.items import Item
from gate.daemon.orders import Order
from gate.daemon.periodic import Periodic
from gate.errors import StoreError


class OrderWorker(Periodic):
    """Has a thread of its own: an order counts for ten seconds, so nothing may keep it waiting."""

    name = "orders"

    def __init__(
        self,
        core: Core,
        clock: Clock,
        post: Callable[[Item], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__()
        self._core = core
        self._clock = clock
        self._post = post
        self._later = later
        self._held: datetime | None = None  # end of the scheduled hold-open already ordered
        self._plan: object = None  # what it was foreseen from

    def run(self) -> None:
        with suppress(StoreError):
            self._core.store.orders.void(self._core.settings.name)
        super().run()

    def look(self) -> None:
        self._hold_open()
        self._take()

    def _take(self) -> None:
        orders = self._core.store.orders
        for row in orders.take(self._core.settings.name):
            seconds = 0.0
            if row.until is not None:
                seconds = max(0.0, (row.until - self._clock.utc()).total_seconds())
            refused = self._core.loop.refusal(row.command, row.ordered_by)
            self._post(Order(row.command, row.ordered_by, seconds))
            # written later: a store that refuses keeps no order from the door
            self._later(partial(orders.done, row.id, refused or "done"))

    def _hold_open(self) -> None:
        """One order a window, so that staff may end it."""
        access = self._core.settings.access
        rules = self._core.loop.context.rules
        schedule = rules.schedules.get(access.hold_open)
        if schedule is None:
            if self._held is not None:
                self._post(Order("hold_ends", "schedule"))
            self._held = None
            return
        when = local(self._clock, self._core.settings.zone)
        plan = schedule, dict(rules.days)
        inside = self._held is not None and when < self._held
        if inside and plan == self._plan and is_open(schedule, when, rules.days):
            return
        end = open_until(schedule, when, rules.days)
        if end is not None and end != self._held:
            self._post(Order("hold", "schedule", end.timestamp() - when.timestamp()))
        elif end is None and self._held is not None:  # the clock or the schedule was corrected
            self._post(Order("hold_ends", "schedule"))
        self._held, self._plan = end, plan
