"""Whoever waits for a change is woken by every one, in whatever order they are committed."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from gate.hub.waker import Waker
from gate.store.heads import wake
from gate.store.store import Store
from gate.store.tables import OrderRow
from gate.store.tables.base import now
from tests.hub.fleet import Fleet
from tests.waiting import PATIENCE, wait_for


def order(gate: str) -> OrderRow:
    return OrderRow(
        gate=gate, command="open", ordered_by="li", at=now(), expires=now() + timedelta(seconds=10)
    )


def late_order(store: Store, begun: threading.Event, go: threading.Event) -> None:
    """One that has its number before another, and is committed after it."""
    with store.database.write() as session:
        session.add(order("north"))
        session.flush()
        begun.set()
        assert go.wait(PATIENCE)
        wake(session)


@pytest.mark.slow
def test_an_order_with_a_lower_number_that_commits_later_wakes_too(postgresql_fleet: Fleet) -> None:
    """``max(id)`` has grown already then; long polls once slept on until the order was void."""
    store = postgresql_fleet.store
    begun, go = threading.Event(), threading.Event()
    late = threading.Thread(target=late_order, args=(store, begun, go), daemon=True)

    async def main() -> None:
        waker = Waker(store)
        waker.start()
        try:
            late.start()
            await asyncio.to_thread(begun.wait, PATIENCE)
            first = waker.ticket()
            await asyncio.to_thread(store.orders.give, "south", "open", "li")
            await asyncio.wait_for(first.wait(), PATIENCE)
            await quiet(waker)
            ticket = waker.ticket()
            go.set()
            await asyncio.to_thread(late.join, PATIENCE)
            await asyncio.wait_for(ticket.wait(), PATIENCE)
        finally:
            waker.stop()

    asyncio.run(main())


async def quiet(waker: Waker) -> None:
    """Until nothing wakes any more of what was written so far: for two of its own looks."""
    while True:
        ticket = waker.ticket()
        await waker.wait(ticket, 2.5)
        if not ticket.is_set():
            return


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fleet", "postgresql_fleet"])
def test_a_lock_down_reaches_a_box_that_was_away_unless_it_was_lifted(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet: Fleet = request.getfixturevalue(kind)
    north, south = fleet.box("north"), fleet.box("south")
    north.stop()
    south.stop()
    with monkeypatch.context() as earlier:
        earlier.setattr("gate.store.orders.now", lambda: now() - timedelta(seconds=60))
        fleet.store.orders.give_all(["north", "south"], "lockdown", "guard")
        fleet.store.orders.give("south", "normal", "guard")
    north.start()
    south.start()
    wait_for(lambda: north.orders)
    assert [order[0] for order in north.orders] == ["lockdown"]
    fleet.store.orders.give("south", "open", "guard")
    wait_for(lambda: south.orders)
    assert [order[0] for order in south.orders] == ["open"]
