"""What all simulated relay boards share: channels, timers of their own, inputs, a history."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Board:
    """Relays and inputs, counted from 0.

    Attributes:
        history: each change of a relay: monotonic seconds, channel, whether energised.
        wires: what the inputs say.
        stuck: channels whose contacts are welded in the state they have.
    """

    channels: int = 8
    relays: list[bool] = field(default_factory=list)
    wires: list[bool] = field(default_factory=lambda: [False] * 8)
    history: list[tuple[float, int, bool]] = field(default_factory=list)
    stuck: set[int] = field(default_factory=set)
    _ends: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.relays = self.relays or [False] * self.channels

    def switch(self, channel: int, on: bool, now: float, seconds: float | None = None) -> None:
        """Move a relay; with ``seconds`` it falls back by itself."""
        self._ends.pop(channel, None)
        if seconds is not None:
            self._ends[channel] = now + seconds
        self._move(channel, on, now)

    def pass_time(self, now: float) -> None:
        for channel, end in list(self._ends.items()):
            if now >= end:
                del self._ends[channel]
                self._move(channel, False, now)

    def power_cycle(self, now: float) -> None:
        """Power lost and back: every relay rests."""
        self._ends.clear()
        for channel in range(self.channels):
            self._move(channel, False, now)

    def _move(self, channel: int, on: bool, now: float) -> None:
        if channel not in self.stuck and self.relays[channel] != on:
            self.relays[channel] = on
            self.history.append((now, channel, on))
