"""Takes the box's events to the hub: in order, and off the outbox once the hub has them."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Delivered:
    """``done``: the sequences the hub has now. ``lost``: the first and last of those it had once
    and has no longer, for it was put back from a backup; then it took nothing."""

    done: list[int]
    lost: tuple[int, int] | None


async def deliver(link: Link, message: dict[str, Any], *, skip: bool) -> Delivered:
    """``skip``: what is missing at the hub is not kept here any more. Raises as ``Link`` does."""
    answer = await link.post("/events", {**message, "skip": skip})
    last = answer["last"]
    if answer.get("lost"):
        return Delivered([], (last + 1, message["floor"] - 1))
    done = [body["sequence"] for body in message["events"] if body["sequence"] <= last]
    return Delivered(done, None)
