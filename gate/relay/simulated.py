"""A board that exists in memory: records each command with its monotonic time."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.clock import Clock, SystemClock
from gate.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Command:
    """One command as the board received it. ``at``: monotonic seconds."""

    channel: int
    on: bool
    hold: float
    at: float


@dataclass(slots=True)
class SimulatedRelay:
    """A TimedRelay. Channels fall by themselves when their hold is over, by the given clock.

    Tests and trials set ``fault`` to a sentence to make the board refuse, ``stuck`` to a set of
    channels that no command moves, and ``wires`` to what its inputs say.
    """

    channels: int = 8
    clock: Clock = field(default_factory=SystemClock)
    name: str = "simulated"
    commands: list[Command] = field(default_factory=list)
    wires: dict[str, bool] = field(default_factory=dict)
    fault: str = ""
    stuck: frozenset[int] = frozenset()
    _until: dict[int, float] = field(default_factory=dict)

    def open(self) -> None:
        self._check()
        for channel in range(1, self.channels + 1):
            self.set(channel, False, 0)

    def set(self, channel: int, on: bool, hold: float, since: float | None = None) -> None:
        self._check()
        if not 1 <= channel <= self.channels:
            raise DeviceError(
                f"the board has no channel {channel}",
                where=self.name,
                hint=f"choose a channel from 1 to {self.channels}",
            )
        now = self.clock.monotonic()
        self.commands.append(Command(channel, on, hold, now))
        if channel not in self.stuck:
            self._until[channel] = (now if since is None else since) + hold if on else now

    def state(self, channel: int) -> bool | None:
        self._check()
        return self._until.get(channel, 0.0) > self.clock.monotonic()

    def inputs(self) -> dict[str, bool]:
        self._check()
        return dict(self.wires)

    def close(self) -> None:
        self._until.clear()

    def _check(self) -> None:
        if self.fault:
            raise DeviceError(self.fault, where=self.name, hint="end the simulated fault")
