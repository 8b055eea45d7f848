"""What every relay driver can do. A driver decides nothing."""

from __future__ import annotations

from typing import Protocol


class RelayDriver(Protocol):
    """One board. Channels count from 1.

    Every method turns a failure of the outside into DeviceError naming the port, what was
    expected and what came. A method returns within its time-out, whatever the board does.
    """

    name: str

    def open(self) -> None:
        """Connect and set every configured channel to rest before returning."""
        ...

    def set(self, channel: int, on: bool, hold: float) -> None:
        """Energise or rest a channel.

        ``hold`` is the longest time in seconds the channel may stay energised if no further
        call comes. Boards with a timed pulse get it with the command; for the others
        ``board_supervisor.py`` rests the channel when the time is up.
        """
        ...

    def state(self, channel: int) -> bool | None:
        """Whether the board says the channel is energised, or None where it cannot say."""
        ...

    def inputs(self) -> dict[str, bool]:
        """Named inputs (contact, exit, fire, tamper) the board has, as configured."""
        ...

    def close(self) -> None:
        """Rest every channel, if possible, and disconnect. May be called twice."""
        ...


class TimedRelay(RelayDriver, Protocol):
    """A board that keeps time by itself, whatever becomes of the main loop."""

    def set(self, channel: int, on: bool, hold: float, since: float | None = None) -> None:
        """``hold`` counts from ``since`` (monotonic seconds); from now without it.

        An order that is late on its way ends no later, and one that is over has no effect.
        """
        ...
