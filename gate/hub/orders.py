"""Orders to the doors as the boxes get them: signed, until a box says that it has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Select, select

from gate.fleet.signing import sign_order
from gate.store.orders import valid
from gate.store.tables import OrderRow

Signed = Mapping[str, Any]  # an order, see gate.fleet.signing
_KEPT = 4_096  # signatures; the same orders are asked for until their boxes have confirmed them


def waiting(gate: str | None = None) -> Select[OrderRow]:
    """A query of the orders no box has confirmed, of one gate or of all, in their order."""
    query = select(OrderRow).where(OrderRow.taken.is_(None), valid())
    if gate is not None:
        query = query.where(OrderRow.gate == gate)
    return query.order_by(OrderRow.id)


class Signer:
    """Any thread."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._sign = lru_cache(_KEPT)(self._signed)

    def __call__(self, rows: Sequence[OrderRow]) -> list[Signed]:
        """Each with its signature (``gate.fleet.signing``); a box knows one it had by its id."""
        return [
            self._sign(
                ("id", f"{row.id} {row.at.isoformat()}"),
                ("gate", row.gate),
                ("command", row.command),
                ("until", row.until.isoformat() if row.until else None),
                ("by", row.ordered_by),
                ("reason", row.reason),
                ("expires", row.expires.isoformat()),
            )
            for row in rows
        ]

    def _signed(self, *members: tuple[str, str | None]) -> Signed:
        return sign_order(self._key, dict(members))
