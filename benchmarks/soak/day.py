"""A day at the gate in ten minutes: ``python -m benchmarks.soak.day [PASSAGES] [SECONDS]``.

Real door controller, relay guard, card reader and temperature sensor over simulated boards; one
person after the other shows a card and walks through. All the while devices lose cable, fall
silent, talk noise, or have their guard killed, at random, and come back. At the end every passage
is accounted for, and the board's own history shows that the lock was never released without a
grant and never for too long.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gate.clock import SystemClock
from gate.door.controller import DoorController
from gate.door.settings import DoorSettings
from gate.door.state import EventOut, Grant
from gate.readers.claim import Claim
from gate.readers.reader import Reader
from gate.readers.settings import ReaderSettings
from gate.relay.guard_client import GuardedRelay
from gate.relay.settings import RelaySettings, Wire
from gate.sensors.sensor import TemperatureSensor
from gate.sensors.settings import TemperatureSettings
from gate.sensors.temperature_limit import level_of
from gate.simulators.card import CardReader
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.port import SimulatedPort
from gate.simulators.temperature import PointSensor

TICK = 0.005
UNLOCK = 0.25
HOLD = 0.2
# the board's timer counts tenths and rounds up; one order may be on its way
LONGEST = UNLOCK + HOLD + 0.35


@dataclass(slots=True)
class Summary:
    """``outcomes`` counts every passage once."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    wrongly_open: list[str] = field(default_factory=list)
    threads: tuple[int, int] = (0, 0)
    descriptors: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    longest: float = 0.0  # release, in seconds
    late_board: int = 0  # moves reported late, because the simulated board's thread had to wait
    waits: list[float] = field(default_factory=list)  # card near the reader → relay on, seconds


@dataclass(slots=True)
class Person:
    """Somebody at the gate, and how far they are."""

    number: int
    arrived: float
    granted: float | None = None
    pushed: float | None = None
    closed: bool = False


class Day:
    """One run. Everything but the devices' threads happens in ``run``."""

    def __init__(self, passages: int, seconds: float, seed: int, slower: float = 1.0) -> None:
        self.passages, self.slower = passages, slower
        self.pace = seconds * slower / passages
        self.chance = random.Random(seed)
        self.summary = Summary()
        self.clock = SystemClock()
        self.board, self.cards, self.point = ModbusBoard(), CardReader(), PointSensor(33.2, 25.0)
        self.grants: list[float] = []
        self.repairs: list[tuple[float, SimulatedPort]] = []
        self.fail_at = 0.0

    def run(self) -> Summary:
        before, descriptors = set(threading.enumerate()), _descriptors()
        begin = time.monotonic()
        with (
            SimulatedPort(self.board) as relay_port,
            SimulatedPort(self.cards) as reader_port,
            SimulatedPort(self.point) as sensor_port,
        ):
            self.ports = {"relay": relay_port, "reader": reader_port, "sensor": sensor_port}
            self._open()
            for number in range(1, self.passages + 1):
                self._one(Person(number, time.monotonic()))
            self.summary.seconds = time.monotonic() - begin
            self._repair(float("inf"))
            self._turn_for(LONGEST * self.slower)
            self._close()
            self._check_history(relay_port.stalls)
        # of those that were there before, one of somebody else's may end meanwhile
        left = set(threading.enumerate()) - before
        self.summary.threads = (len(before), len(before) + len(left))
        self.summary.descriptors = (descriptors, _descriptors())
        return self.summary

    def _open(self) -> None:
        quick = (0.05 * self.slower, 0.2 * self.slower)
        inputs = {"contact": Wire(number=0)}
        self.relay = GuardedRelay(
            RelaySettings(
                driver="modbus",
                port=self.ports["relay"].path,
                inputs=inputs,
                poll=0.01 * self.slower,
                timeout=0.06 * self.slower,
            ),
            self.clock,
            retry=quick,
        )
        self.temperature = TemperatureSettings(
            policy="advise", port=self.ports["sensor"].path, silent_after=0.4 * self.slower
        )
        self.claims: queue.Queue[Claim] = queue.Queue(100)
        self.reader = Reader(
            ReaderSettings(port=self.ports["reader"].path), self.claims.put, retry=quick
        )
        self.sensor = TemperatureSensor(self.temperature, retry=quick)
        door = DoorSettings(
            unlock=UNLOCK * self.slower,
            hold=HOLD * self.slower,
            contact=True,
            grant_debounce=0,
            input_debounce=0.005,
        )
        self.door = DoorController(self.relay, door)
        self.reader.open()
        self.sensor.open()
        self._reported(self.door.open(time.monotonic()))

    def _close(self) -> None:
        self.door.close()
        self.reader.close()
        self.sensor.close()

    def _one(self, person: Person) -> None:
        self.cards.show(person.number, 0.03 * self.slower)
        self.person = person
        outcome = ""
        while not outcome:
            outcome = self._turn()
        self.summary.outcomes[outcome] += 1
        self.board.board.wires[0] = False
        while time.monotonic() < person.arrived + self.pace:
            self._turn()

    def _turn(self) -> str:
        """One turn of the main loop; how the passage ended, once it has."""
        time.sleep(TICK * self.slower)
        now = time.monotonic()
        self._fail(now)
        self._reported(self.door.tick(now))
        outcome = self._read(now)
        return outcome or self._walk(now)

    def _turn_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn()

    def _read(self, now: float) -> str:
        with contextlib.suppress(queue.Empty):
            claim = self.claims.get_nowait()
            if int(claim.value) != self.person.number or self.person.granted is not None:
                self.summary.events["claim of somebody who had left"] += 1
                return ""
            reading = self.sensor.reading(now - 0.5 * self.slower, now)
            self.summary.findings[level_of(reading, self.temperature, now)] += 1
            # noted before the order goes out: the board may move before this line is left
            self.grants.append(now)
            events = self.door.handle(Grant(passage=str(self.person.number)), now)
            self._reported(events)
            if any(event.type == "door.refused" for event in events):
                self.grants.pop()
                return "refused, board out of order"
            self.person.granted = now
        return ""

    def _walk(self, now: float) -> str:
        person = self.person
        if person.granted is None:
            gone = now - person.arrived > 0.4 * self.slower
            return "card not read, reader out of order" if gone else ""
        if person.pushed is None:
            if self.board.board.relays[0]:
                person.pushed = now
                self.summary.waits.append(now - person.arrived)
                self.board.board.wires[0] = True
            gone = now - person.granted > 0.4 * self.slower
            return "granted, lock did not move" if gone else ""
        if now - person.pushed > 0.03 * self.slower:
            self.board.board.wires[0] = False
        if person.closed:
            return "passed"
        return "passed, contact not seen" if now - person.pushed > 0.3 * self.slower else ""

    def _reported(self, events: tuple[EventOut, ...]) -> None:
        for event in events:
            self.summary.events[event.type] += 1
            if event.type == "door.closed" and event.passage == str(self.person.number):
                self.person.closed = True

    def _fail(self, now: float) -> None:
        self._repair(now)
        if now < self.fail_at:
            return
        self.fail_at = now + self.slower * self.chance.uniform(0.5, 3.0)
        name = self.chance.choice(sorted(self.ports))
        fault = self.chance.choice(["unplug", "silence", "noise", "corrupt", "guard"])
        self.summary.failures[f"{name}: {fault}" if fault != "guard" else "guard killed"] += 1
        port = self.ports[name]
        match fault:
            case "unplug":
                port.unplug()
            case "noise":
                port.faults.noise = 0.2
            case "silence" | "corrupt":
                setattr(port.faults, fault, True)
            case _ if self.relay.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.relay.pid, signal.SIGKILL)
        self.repairs.append((now + self.slower * self.chance.uniform(0.1, 1.0), port))

    def _repair(self, now: float) -> None:
        for due in [one for one in self.repairs if one[0] <= now]:
            self.repairs.remove(due)
            port = due[1]
            port.plug()
            port.faults.silence = port.faults.corrupt = False
            port.faults.noise = 0.0

    def _check_history(self, stalls: list[tuple[float, float]]) -> None:
        """Each time the board's relay was on: begun within a grant, and not too long.

        A board whose thread had to wait for the machine heard an order late: what counts is when
        it may have come.
        """
        history = self.board.board.history
        for (on_at, _, on), (off_at, _, off) in zip(history[::2], history[1::2], strict=False):
            assert (on, off) == (True, False), "the history of a relay alternates"
            came, late = _may_have_come(on_at, stalls)
            self.summary.late_board += late
            before = [grant for grant in self.grants if grant <= on_at]
            since = came - before[-1] if before else float("inf")
            if since > (UNLOCK + 0.1) * self.slower:
                self.summary.wrongly_open.append(f"{since:.2f} s after the last grant")
            went, late = _may_have_come(off_at, stalls)
            self.summary.late_board += late
            self.summary.longest = max(self.summary.longest, off_at - on_at)
            if went - on_at > LONGEST * self.slower:
                self.summary.wrongly_open.append(f"released for {went - on_at:.2f} s")
        if self.board.board.relays[0]:
            self.summary.wrongly_open.append("released at the end")


def _may_have_come(at: float, stalls: list[tuple[float, float]]) -> tuple[float, bool]:
    """The earliest moment an order heard at ``at`` may have come, and whether that is another."""
    for begin, end in stalls:
        if end <= at <= end + 0.02:
            return begin, True
    return at, False


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def run(passages: int, seconds: float, seed: int = 1, slower: float = 1.0) -> Summary:
    """A day.

    Args:
        passages: How many people come.
        seconds: How long the day is, where nobody has to wait.
        seed: Of the faults.
        slower: How many times as long everything takes: people, faults, devices and the limits they
            are held to. A machine that does much else cannot answer within the 60 ms of a day of 1.
    """
    day = Day(passages, seconds, seed, slower)
    day.person = Person(0, time.monotonic(), granted=0.0)
    return day.run()


def main(passages: int = 5000, seconds: float = 600.0) -> None:
    summary = run(passages, seconds)
    print(f"{passages} passages in {summary.seconds:.0f} s")
    for title in ("outcomes", "findings", "failures", "events"):
        print(f"\n| {title} | count |\n|---|---|")
        for name, count in sorted(getattr(summary, title).items()):
            print(f"| {name} | {count} |")
    print(f"\naccounted for: {sum(summary.outcomes.values())} of {passages}")
    print(f"wrongly open: {len(summary.wrongly_open)} {summary.wrongly_open[:5]}")
    p50, p95, p99 = np.percentile(summary.waits, (50, 95, 99)) * 1000
    print(f"card to relay: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms")
    print(f"moves the simulated board reported late: {summary.late_board}")
    print(f"longest release: {summary.longest:.2f} s of a pulse of {UNLOCK} s")
    print(f"threads before and after: {summary.threads}, descriptors: {summary.descriptors}")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
