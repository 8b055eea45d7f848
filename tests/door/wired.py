"""A door controller with its inputs wired to a simulated board."""

from __future__ import annotations

from gate.clock import ManualClock
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import EventOut
from gate.relay.simulated import SimulatedRelay


class Gate:
    """A controller over a simulated board, ticking a hundred times a second."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock(100.0)
        self.board = SimulatedRelay(channels=2, clock=self.clock)
        self.board.wires = {"contact": False, "exit": False, "fire": False, "tamper": False}
        door = DoorSettings(contact=True, **settings)  # type: ignore[arg-type]
        self.controller = DoorController(self.board, door)
        self.events: list[str] = []
        self.note(self.controller.open(self.clock.now))
        self.note(self.controller.tick(self.clock.now))

    def note(self, emitted: tuple[EventOut, ...]) -> None:
        self.events += [event.type for event in emitted]

    def wait(self, seconds: float, tick: float = 0.01) -> None:
        for _ in range(round(seconds / tick)):
            self.clock.advance(tick)
            self.note(self.controller.tick(self.clock.now))

    def handle(self, given: object) -> None:
        self.note(self.controller.handle(given, self.clock.now))  # type: ignore[arg-type]

    @property
    def energised(self) -> bool | None:
        return self.board.state(1)
