"""What a way to deliver must offer, and how a delivery can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gate.errors import GateError
from gate.exporting.settings import Kind


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one kind, in order, as they are sent.

    Attributes:
        key: the same for every attempt at these records, and for no others.
        name: for files: sorts by epoch and sequence, and names the records by them.
        positions: of the records, ascending; sequences of events, or numbers of people.
        epoch: the series of the sequences; 0 for people.
    """

    kind: Kind
    key: str
    name: str
    body: bytes
    content_type: str
    path: str
    positions: tuple[int, ...]
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The records of the batch up to ``position`` are with the receiver; None: all of them."""

    position: int | None = None


class DeliveryError(GateError):
    """A batch was not taken.

    Attributes:
        certain: the receiver has none of it; else it may have, for the answer is missing.
        wait: seconds it asks for before the next attempt.
    """

    def __init__(
        self, what: str, *, where: str, hint: str, certain: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.certain = certain
        self.wait = wait


class RefusedError(DeliveryError):
    """The receiver says that these records are wrong, so that the same would be refused again."""

    def __init__(self, what: str, *, where: str, hint: str) -> None:
        super().__init__(what, where=where, hint=hint, certain=True)


class Target(Protocol):
    """One receiver. Used by one event loop; the caller bounds the time of each call."""

    async def deliver(self, batch: Batch) -> Receipt:
        """Raises DeliveryError."""
        ...

    async def position(self) -> tuple[int, int] | None:
        """Epoch and sequence of the last event it has; None when it cannot be asked.

        Raises DeliveryError.
        """
        ...

    async def close(self) -> None: ...
