"""Everything at once: ``python -m benchmarks.soak.everything [--minutes 20] [--seed 1]``.

A whole ``gate run`` with a camera, two card readers, a relay board, screen, health and Mosquitto.
At random, and over one another: unknown cards flood a reader, half-sent requests fill the screen,
somebody takes the gate's place at the broker, unsigned messages flood it, the clock jumps by an
hour, to 1970 and to 2037, the disk is full, the cable of the board is pulled, the guard, the
daemon and the broker are killed, the daemon is frozen. All the while residents show cards and an
operator locks the gate down and opens it again.

Checked throughout: the lock is released only for a grant that is on record, never in a lock-down
and never too long; every lock-down is answered; a resident who comes when nothing is broken
passes; every event arrives at the documented receiver once, in order; memory and descriptors at
the end are those of the beginning. Wants Mosquitto; without the right to mount a tmpfs the disk is
not filled.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sqlite3
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soak.rig import CALM, CARDS, UNLOCK, Rig, rig

OBEYED = 1.0  # seconds in which an order that was answered, or the end of a pulse, is at the board
# seconds after a fault in which the guard has the board again
OUT_OF_REACH = {"cable pulled": 3.0, "guard killed": 3.0}
PATIENCE = 5.0  # seconds a resident waits
NEVER = float("inf")


@dataclass(slots=True)
class Report:
    """What happened, and what must hold.

    Attributes:
        locked: lock-downs in force, monotonic seconds of both ends.
        memory: resident bytes of the last daemon, settled and at the end.
        descriptors: the same of its open descriptors.
    """

    happened: Counter[str] = field(default_factory=Counter)
    cards: Counter[str] = field(default_factory=Counter)
    lockdowns: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    locked: list[tuple[float, float]] = field(default_factory=list)
    events: int = 0
    memory: tuple[int, int] = (0, 0)
    descriptors: tuple[int, int] = (0, 0)


class People:
    """Residents with cards, an operator, and systemd; each in a thread of its own."""

    def __init__(self, gate: Rig, report: Report) -> None:
        self._gate, self._report = gate, report
        self._may_be_locked = False  # also while an order had no answer
        self._ending = threading.Event()
        jobs = (self._residents, self._operator, self._supervise)
        self._threads = [threading.Thread(target=job) for job in jobs]
        for thread in self._threads:
            thread.start()

    def leave(self) -> None:
        """Wait until all have gone and the gate is open again."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _residents(self) -> None:
        """One after the other shows a card; what became of it is counted."""
        for card in itertools.cycle(CARDS):
            if self._ending.is_set():
                return
            before, excused = len(self._gate.board.board.history), self._excuse()
            began = time.monotonic()
            self._gate.main.show(card, 0.5)
            while not (opened := self._opened(before)) and time.monotonic() < began + PATIENCE:
                time.sleep(0.01)
            excused = excused or self._excuse()
            self._report.cards["let in" if opened else excused or "kept out without a cause"] += 1
            if not opened and not excused:
                self._report.faults.append("a resident was kept out without a cause")
            self._ending.wait(began + UNLOCK + 2.5 - time.monotonic())

    def _opened(self, before: int) -> bool:
        return any(on for _, _, on in self._gate.board.board.history[before:])

    def _excuse(self) -> str:
        """Why somebody may have to wait outside now; empty when nothing explains it."""
        if self._may_be_locked:
            return "kept out in a lock-down"
        return "" if self._gate.calm else "kept out by a fault"

    def _operator(self) -> None:
        """Locks the gate down for some seconds, again and again."""
        while not self._ending.wait(self._gate.chance.uniform(5, 20)):
            untouched = self._gate.untouched
            self._may_be_locked = True
            answer = self._gate.order("lockdown")
            self._report.lockdowns[answer] += 1
            if answer == "done":
                since = time.monotonic()
                self._report.locked.append((since, NEVER))
                time.sleep(self._gate.chance.uniform(4, 8))
                self._report.locked[-1] = (since, time.monotonic())
            elif untouched and self._gate.untouched:
                self._report.faults.append(f"lock-down without any fault: {answer}")
            while self._gate.order("normal") != "done":
                time.sleep(2)
            self._may_be_locked = False

    def _supervise(self) -> None:
        while not self._ending.wait(1):
            self._gate.running()


def run(seconds: float, seed: int) -> Report:
    """Let everything break at random for ``seconds``, then look whether all of it holds."""
    report = Report()
    with rig(seed) as gate:
        people = People(gate, report)
        settled = break_things(gate, seconds)
        time.sleep(CALM + 15)  # residents and operator once more, in peace
        people.leave()
        at_the_end = gate.measure()
        report.memory, report.descriptors = zip(settled, at_the_end, strict=True)
        gate.listener.catch_up(gate.disk)
        gate.end()
        report.happened = gate.happened
        report.faults += gate.wrong
        report.faults += door_faults(gate, report.locked)
        report.events, lost = event_faults(gate)
        report.faults += lost
    if report.descriptors[1] > report.descriptors[0] + 8:
        report.faults.append("descriptors grew: {} to {}".format(*report.descriptors))
    if report.memory[1] > report.memory[0] * 1.2 + 30e6:
        report.faults.append("memory grew: {} to {} bytes".format(*report.memory))
    return report


def break_things(gate: Rig, seconds: float) -> tuple[int, int]:
    """Start faults at random; memory and descriptors of the last daemon when it had settled."""
    began = time.monotonic()
    running: list[threading.Thread] = []

    def breaking(share: float, kinds: list[str]) -> None:
        while time.monotonic() < began + share * seconds:
            one = threading.Thread(target=gate.suffer, args=(gate.chance.choice(kinds),))
            one.start()
            running.append(one)
            # now and then a pause, so that somebody comes while nothing is broken
            time.sleep(gate.chance.choice((1, 2, 4, 8, 8, 30)))
        for one in running:
            one.join()

    kinds = sorted(gate.faults())
    breaking(0.6, kinds)
    gate.ready(60)
    time.sleep(CALM)
    settled = gate.measure()
    breaking(1.0, [kind for kind in kinds if kind != "daemon killed"])  # the last one is measured
    return settled


def door_faults(gate: Rig, locked: list[tuple[float, float]]) -> list[str]:
    """Releases in a lock-down, or too long; nobody can end one while the board is out of reach."""
    history = gate.board.board.history
    faults = []
    for (begin, _, on), (end, _, _) in itertools.pairwise(history):
        if not on:
            continue
        reach = end - begin - overlap(begin, end, out_of_reach(gate))
        if reach > UNLOCK + OBEYED:
            faults.append(f"released for {end - begin:.1f} s{causes(gate, begin, end)}")
        for since, until in locked:
            late = max(begin, since + OBEYED)
            lasted = min(end, until) - late
            if lasted > 0 and lasted > overlap(late, min(end, until), out_of_reach(gate)):
                faults.append(
                    f"the lock was released in a lock-down, {begin - since:.2f} s after it was "
                    f"answered, for {end - begin:.2f} s{causes(gate, begin, end)}"
                )
    if gate.board.board.relays[0]:
        faults.append("the lock is still released")
    return faults


def out_of_reach(gate: Rig) -> list[tuple[float, float]]:
    """When no order could come to the board."""
    return [
        (begin, end + OUT_OF_REACH[kind])
        for kind, begin, end in gate.suffered
        if kind in OUT_OF_REACH
    ]


def overlap(begin: float, end: float, spans: list[tuple[float, float]]) -> float:
    """Seconds of ``begin`` to ``end`` that lie in one of the spans."""
    covered, at = 0.0, begin
    for first, last in sorted(spans):
        covered += max(0.0, min(end, last) - max(at, first))
        at = max(at, min(end, last))
    return covered


def causes(gate: Rig, begin: float, end: float) -> str:
    """The faults of that time, for whoever looks for the cause."""
    kinds = {kind for kind, first, last in gate.suffered if first < end and begin < last + 3}
    return f" ({', '.join(sorted(kinds)) or 'no fault'})"


def event_faults(gate: Rig) -> tuple[int, list[str]]:
    """How many events there are; what is missing, doubled or out of order, here or there."""
    with contextlib.closing(sqlite3.connect(Path(gate.disk) / "gate.db")) as database:
        rows = database.execute("select sequence, type from events order by 1").fetchall()
        waiting = database.execute("select count(*) from outbox").fetchone()[0]
    sequences, received = [sequence for sequence, _ in rows], gate.listener.sequences
    openings = sum(on for _, _, on in gate.board.board.history)
    granted = sum(kind == "passage.granted" for _, kind in rows)
    checks = {
        f"{openings} openings, {granted} granted events": openings <= granted,
        "the sequence of events has gaps": sequences == list(range(1, len(rows) + 1)),
        "not every event was received once and in order": received == sequences[: len(received)],
        # what was made while the gate ended is in the outbox
        f"{len(rows) - len(received)} events were not received, {waiting} are in the outbox": len(
            received
        )
        >= len(rows) - waiting,
    }
    return len(rows), [fault for fault, fine in checks.items() if not fine]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=20.0)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    report = run(chosen.minutes * 60, chosen.seed)
    for name in ("happened", "cards", "lockdowns"):
        counts: Counter[str] = getattr(report, name)
        print(f"{name}: " + ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())))
    print(f"events {report.events}, each received once, in order unless said below")
    print("memory {:.0f} to {:.0f} MB".format(*(each / 1e6 for each in report.memory)))
    print("descriptors {} to {}".format(*report.descriptors))
    print("\n".join(report.faults) or "everything held")
    return bool(report.faults)


if __name__ == "__main__":
    sys.exit(main())
