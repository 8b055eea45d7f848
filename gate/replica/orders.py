"""Orders of the hub on the box that obeys them: each checked, obeyed once, answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gate.fleet.signing import order_is_signed
from gate.replica.identity import Identity

log = logging.getLogger(__name__)

_REMEMBERED = 200  # orders whose answer is kept, so that none is obeyed twice


class Door(Protocol):
    """Where an order ends; any thread may call."""

    def obey(self, command: str, by: str, seconds: float) -> str:
        """Pass an order to the door. "done", or a code why not."""
        ...


class Orders:
    """The orders one box has obeyed. Not safe for threads; it belongs to one."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._answers: dict[str, str] = {}  # by the order's id

    def obey(
        self, orders: Sequence[Mapping[str, Any]], identity: Identity, hub_now: datetime
    ) -> dict[str, str]:
        """Obey what is this gate's, signed and not expired.

        Args:
            orders: as the feed carries them.
            hub_now: by the hub's own clock, with zone: the box's may be wrong.

        Returns:
            the id of each order → "done", or a code why not.
        """
        return {str(order["id"]): self._one(order, identity, hub_now) for order in orders}

    def _one(self, order: Mapping[str, Any], identity: Identity, hub_now: datetime) -> str:
        id = str(order["id"])
        if id in self._answers:
            return self._answers[id]
        if order.get("gate") != identity.gate or not order_is_signed(identity.orders, order):
            log.error("hub.order_refused", extra={"order": id})
            return "bad_signature"
        if datetime.fromisoformat(order["expires"]) <= hub_now:
            return "expired"
        seconds = 0.0
        if order["until"]:
            ends = datetime.fromisoformat(order["until"])
            seconds = max(0.0, (ends - hub_now).total_seconds())
        answer = self._door.obey(order["command"], order["by"], seconds)
        self._answers[id] = answer
        while len(self._answers) > _REMEMBERED:
            self._answers.pop(next(iter(self._answers)))
        return answer
