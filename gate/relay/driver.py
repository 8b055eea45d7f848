"""What every relay driver can do. A driver decides nothing."""

from __future__ import annotations

from typing import Protocol


class RelayDriver(Protocol):
    """One board. Channels count from 1.

    Every method turns a failure of the outside into DeviceError naming the port, what was
    expected and what came.
    """

    name: str

    def open(self) -> None:
        """Connect and set every configured channel to its resting state before returning."""
        ...

    def set(self, channel: int, on: bool, hold: float) -> None:
        """Energise or rest a channel.

        ``hold`` is the longest time in seconds the channel may stay energised if no further
        call comes: boards with a timed pulse are told it, the others are refreshed and rested
        by the driver's dead-man timer.
        """
        ...

    def state(self, channel: int) -> bool | None:
        """What the board says, or None where it cannot say."""
        ...

    def inputs(self) -> dict[str, bool]:
        """Named inputs (contact, exit, fire, tamper) the board has, as configured."""
        ...

    def close(self) -> None:
        """Rest every channel, if possible, and disconnect. May be called twice."""
        ...
