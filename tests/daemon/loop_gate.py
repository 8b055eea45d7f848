"""A main loop with a board, a clock and a recorder that tests can turn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gate.access.decision import Kind, Method, Person
from gate.access.request import Credential
from gate.clock import ManualClock
from gate.daemon.build import NoParts
from gate.daemon.clock_watch import ClockWatch
from gate.daemon.event_loop import Loop
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.errors import StoreError
from gate.events.event import Event
from gate.passage import Context, inputs
from gate.relay.simulated import SimulatedRelay
from gate.screen.message import Message

LI = Person(1, "1" * 32, name="李小红")
GUEST = Person(2, "2" * 32, kind=Kind.VISITOR, blocked="moved")
DOOR = DoorSettings(contact=True, input_debounce=0)


class Board(SimulatedRelay):
    """A simulated relay that notes when the lock is released, among the events."""

    journal: list[str]

    def set(self, channel: int, on: bool, hold: float, since: float | None = None) -> None:
        released = self.state(channel)
        super().set(channel, on, hold, since)
        if on != released:
            self.journal.append("relay on" if on else "relay off")


@dataclass
class Memory:
    """A recorder in memory.

    Attributes:
        disk: "well", "full" (never answers) or "lost" (gives up).
        waits: of a full disk: the seconds of each wait for it, which is over at once.
        while_waiting: called in each of them.
    """

    journal: list[str]
    disk: str = "well"
    events: list[Event] = field(default_factory=list)
    waits: list[float | None] = field(default_factory=list)
    while_waiting: Callable[[], object] = lambda: None

    def record(self, event: Event) -> Future[Event]:
        self.events.append(event)
        self.journal.append(event.type)
        future: Future[Event] = Unanswered(self) if self.disk == "full" else Future()
        if self.disk == "well":
            future.set_result(event.numbered(len(self.events)))
        elif self.disk == "lost":
            future.set_exception(StoreError("more events than can be written"))
        return future


class Unanswered(Future[Event]):
    """What a full disk gives: whoever waits for it does so in vain."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def result(self, timeout: float | None = None) -> Event:
        self._memory.waits.append(timeout)
        self._memory.journal.append("wait")
        self._memory.while_waiting()
        raise TimeoutError


class Screen(NoParts):
    def __init__(self) -> None:
        self.message: Message | None = None

    def show(self, message: Message) -> None:
        self.message = message


class Gate:
    """A loop with a board, a clock and a recorder that tests can turn."""

    def __init__(self, door: DoorSettings = DOOR, clock: ManualClock | None = None) -> None:
        self.journal: list[str] = []
        self.clock = clock or ManualClock(100.0, datetime(2027, 1, 1, tzinfo=UTC))
        self.board = Board(channels=1, clock=self.clock)
        self.board.journal = self.journal
        self.board.wires = {"contact": False, "fire": False}
        self.recorder = Memory(self.journal)
        self.screen = Screen()
        controller = DoorController(self.board, door)
        self.loop = Loop(
            gate="north",
            context=Context({p.id: p for p in (LI, GUEST)}, contact=door.contact),
            controller=controller,
            recorder=self.recorder,
            clock=self.clock,
            parts=self.screen,
            emergency_seconds=60.0,
            watch=ClockWatch(self.clock, synchronised=lambda: None),
        )
        now = self.clock.monotonic()
        self.loop.start(controller.open(now) + controller.tick(now))
        self.journal.clear()
        self.recorder.events.clear()

    def card(self, person: Person | None, problem: str = "") -> None:
        at = self.clock.monotonic()
        self.loop.handle(inputs.Shown(Method.CARD, person, Credential(problem), at))

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            self.loop.tick()

    def wire(self, name: str, level: bool) -> None:
        self.board.wires[name] = level
        self.wait(0.1)

    @property
    def open(self) -> bool:
        return bool(self.board.state(1))

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.recorder.events]

    def event(self, type: str) -> Event:
        return next(event for event in self.recorder.events if event.type == type)
