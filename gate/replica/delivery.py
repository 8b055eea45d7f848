"""Takes the box's events to the hub: in order, and off the outbox once the hub has them."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from gate.replica.link import Link
from gate.store.store import HUB, Store

_MOST = 500  # events in one message


def next_message(store: Store, gate: str) -> dict[str, Any] | None:
    """What the hub is to have next: events of one epoch, in order. None when nothing waits.

    ``floor`` is the lowest number that is still in the outbox: what is below is no longer to come.
    """
    bodies = store.outbox.next(gate, HUB, limit=_MOST)
    if not bodies:
        return None
    epoch = bodies[0].get("epoch", 0)
    same = list(takewhile(lambda body: body.get("epoch", 0) == epoch, bodies))
    return {"epoch": epoch, "floor": same[0]["sequence"], "events": same}


async def deliver(link: Link, message: dict[str, Any]) -> list[int]:
    """The sequences the hub has now. Raises as ``Link`` does."""
    last = (await link.post("/events", message))["last"]
    return [body["sequence"] for body in message["events"] if body["sequence"] <= last]
