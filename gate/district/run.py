"""The script of a simulated district: what goes wrong, what is checked, what is measured."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gate.district import checks
from gate.district.changes import Desk, Made
from gate.district.layout import Layout
from gate.district.site import Site, disk, memory, processor
from gate.hub.authority import Authority
from gate.hub.boxes import shut_out
from gate.hub.receipts import Receipts

Say = Callable[[str], None]
_ORDER = 60.0  # seconds; a lock-down waits for a box that is busy


@dataclass(slots=True)
class Result:
    """``wrong`` is empty when every invariant held; ``figures`` by their names."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


class Simulation:
    """One run, in order: everything calm, then each fault while changes and events go on."""

    def __init__(
        self,
        site: Site,
        say: Say,
        *,
        seconds: float,
        changes: float,
        events: float,
        backlog: int,
        seed: int = 0,
        only_backlog: bool = False,
    ) -> None:
        """``only_backlog``: leave the faults out, for a measurement of the events alone."""
        self._only_backlog = only_backlog
        self._site, self._say = site, say
        self._seconds, self._events, self._backlog = seconds, events, backlog
        self._random = random.Random(seed)
        self._changes, self._seed = changes, seed
        self.result = Result()
        self._gates = set(site.layout.names)

    def run(self) -> Result:
        """Raises SimulationError when something does not come to its end at all."""
        site = self._site
        self._begin()
        self.desk = Desk(site, self._changes, self._seed)
        self._write(self._events)
        self.desk.start()
        try:
            self._calm()
            self._lock_downs("lock-down of all gates", self._gates)
            if not self._only_backlog:
                self._faults()
            self._flood()
            if site.sqlite and not self._only_backlog:
                self._step("hub put back from an old backup", 0, self._old_hub)
            self._deleted()
        finally:
            self.desk.stop()
        if self.desk.fault is not None:
            self.result.wrong.append(f"desk: {self.desk.fault}")
        self._sizes()
        return self.result

    def _faults(self) -> None:
        self._wires("a third of the links cut", 3, cut=True)
        self._wires("a tenth of the links frozen", 10, frozen=True)
        self._wires("every message of a fifth arrives twice", 5, twice=True)
        self._step("a tenth of the clocks set wrong by 400 days", 10, self._jump)
        self._step("a tenth of the boxes restarted", 10, self._restart)
        self._step("two boxes put back from an old copy", 0, self._restore)
        self._step("hub killed and started", 0, self._kill_hub)
        self._step("two boxes shut out, and replaced", 0, self._revoke)

    # ------------------------------------------------------------ figures

    def _begin(self) -> None:
        site, began = self._site, time.monotonic()
        site.enrol_all()
        self._figure("register made", f"{time.monotonic() - began:.0f} s")
        site.start_hub()
        began = time.monotonic()
        used = self._processors()
        site.pair(site.layout.names, say=self._say)
        self._figure("boxes paired", f"{time.monotonic() - began:.0f} s, {self._used(used)}")
        began, used = time.monotonic(), self._processors()
        site.start(site.layout.names, self._say)
        site.settle(self._gates, 3_600)
        took = time.monotonic() - began
        self._figure("boxes loaded", f"{took:.0f} s after the last pairing, {self._used(used)}")
        self._compare("loaded")
        if site.sqlite:
            site.store.database.backup(site.folder / "old-hub.db")
        self._copied = self._random.sample(site.layout.names, min(2, len(self._gates)))
        site.each("keep_backups", self._copied)

    def _calm(self) -> None:
        used = self._processors()
        began = time.monotonic()
        time.sleep(self._seconds)
        took = time.monotonic() - began
        hub, *crews = (
            100 * (after - before) / took
            for before, after in zip(used, self._processors(), strict=True)
        )
        with self.desk.pause:
            self._site.settle(self._gates)
            made = [change for change in self.desk.book.made if change.at >= began]
            self._compare("calm")
        late = self._latencies(made, self._gates)
        self._figure("change → boxes", _spread(late))
        self._figure(
            "processor meanwhile",
            f"hub {hub:.0f} %, boxes {sum(crews):.0f} % of one core for "
            f"{len(made) / took:.1f} changes and {self._events:.0f} events a second",
        )

    def _latencies(self, made: Iterable[Made], gates: set[str]) -> list[float]:
        """Seconds from a commit to each box it is for."""
        reached = {
            gate: some for crew in self._site.crews for gate, some in crew.call("applied").items()
        }
        found = []
        for change in made:
            for gate in change.gates & gates:
                times = [at for number, at in reached[gate] if number >= change.number]
                if times:
                    found.append(max(0.0, min(times) - change.at))
        return found

    def _lock_downs(self, title: str, gates: set[str], count: int = 5) -> None:
        """To every box; those in ``gates`` can be reached and must have it."""
        slowest, used = [], self._processors()
        for turn in range(count):
            by, began = f"{title} {turn}", time.monotonic()
            self._site.store.orders.give_all(self._site.layout.names, "lockdown", by)
            end = began + _ORDER
            while not self._all_obeyed(by, gates) and time.monotonic() < end:
                time.sleep(0.25)
            obeyed = self._obeyed(by)
            self.result.wrong += [f"{by}: not at {gate}" for gate in sorted(gates - obeyed.keys())]
            slowest.append(max((obeyed.get(gate, end) for gate in gates), default=began) - began)
        text = f"last box p50 {np.median(slowest):.2f} s, most {max(slowest):.2f} s (n = {count}); "
        text += self._used(used)
        self._figure(f"{title} → {len(gates)} boxes", text)

    def _all_obeyed(self, by: str, gates: set[str]) -> bool:
        return gates <= self._obeyed(by).keys()

    def _obeyed(self, by: str) -> dict[str, float]:
        return {
            gate: at for crew in self._site.crews for gate, at in crew.call("obeyed", by).items()
        }

    def _flood(self) -> None:
        """All boxes come back with a backlog at one moment."""
        site, gates = self._site, sorted(self._gates)
        self._write(0)
        site.each("set_wires", gates, {"cut": True})
        site.each("backlog", gates, self._backlog)
        waiting = sum(crew.call("waiting") for crew in site.crews)
        used, began = processor(site.hub_process), time.monotonic()
        site.each("set_wires", gates, {"cut": False})
        site.drained(1_800)
        took = time.monotonic() - began
        self._write(self._events)
        share = 100 * (processor(site.hub_process) - used) / took
        self._figure(
            "events at the hub",
            f"{waiting / took:.0f} a second ({waiting} in {took:.0f} s, hub {share:.0f} % of a "
            "core, the first seconds of which the boxes still waited before they asked again)",
        )

    def _sizes(self) -> None:
        site = self._site
        boxes = [disk(folder) for folder in site.folders.values()]
        resident = sum(memory(crew.process.pid or 0) for crew in site.crews)
        people = len(checks.on_box(next(iter(site.folders.values()))))
        self._figure("disk of a box", f"{np.mean(boxes) / 1e6:.1f} MB, about {people} people")
        self._figure("memory of a box", f"{resident / len(boxes) / 1e6:.1f} MB beside the others")
        self._figure("memory of the hub", f"{memory(site.hub_process) / 1e6:.0f} MB")
        if site.sqlite:
            self._figure("disk of the hub", f"{disk(site.folder / 'hub') / 1e6:.0f} MB")
        self._figure("load of the machine", f"{os.getloadavg()[0]:.0f}, {os.cpu_count()} cores")

    def _write(self, events: float) -> None:
        """So many events a second from now on, of all boxes together."""
        for crew in self._site.crews:
            crew.call("events_per_second", events / len(self._site.crews))

    def _processors(self) -> list[float]:
        site = self._site
        crews = [processor(crew.process.pid or 0) for crew in site.crews]
        return [processor(site.hub_process), *crews]

    def _used(self, before: list[float]) -> str:
        """Processor since then: a figure that hardly depends on what else the machine does."""
        hub, *crews = (now - then for then, now in zip(before, self._processors(), strict=True))
        return f"processor: hub {hub:.1f} s, boxes {sum(crews):.1f} s"

    # ------------------------------------------------------------ faults

    def _wires(self, title: str, one_in: int, **state: bool) -> None:
        def fault(gates: list[str]) -> None:
            began = time.monotonic()
            self._site.each("set_wires", gates, state)
            time.sleep(self._seconds / 2)
            if not state.get("twice"):
                self._lock_downs(f"lock-down, {title}", self._gates - set(gates), 2)
            made = [change for change in self.desk.book.made if change.at >= began]
            time.sleep(5)
            others = self._latencies(made, self._gates - set(gates))
            self._figure(f"change → the other boxes, {title}", _spread(others))
            self._site.each("set_wires", gates, dict.fromkeys(state, False))

        self._step(title, one_in, fault)

    def _step(self, title: str, one_in: int, fault: Callable[[list[str]], None]) -> None:
        """A fault of some boxes, then everything has to agree again."""
        count = max(1, len(self._gates) // one_in) if one_in else 0
        gates = sorted(self._random.sample(sorted(self._gates), count))
        fault(gates)
        self._strangers(title)
        with self.desk.pause:
            took = self._site.settle(self._gates)
            self._figure(f"{title}: all agree", f"{took:.1f} s after the end")
            self._compare(title)

    def _jump(self, gates: list[str]) -> None:
        for seconds in (400 * 86_400.0, -400 * 86_400.0, 0.0):
            self._site.each("jump", gates, seconds)
            time.sleep(self._seconds / 4)

    def _restart(self, gates: list[str]) -> None:
        took = self._site.each("restart", gates)
        self._figure("a box ends and begins", f"{max(map(float, map(str, took))):.1f} s at most")

    def _restore(self, _: list[str]) -> None:
        self._site.each("restore", self._copied)

    def _kill_hub(self, _: list[str]) -> None:
        self._site.stop_hub()
        time.sleep(self._seconds / 4)
        self._site.start_hub()

    def _revoke(self, _: list[str]) -> None:
        site = self._site
        gates = self._random.sample(sorted(self._gates), min(2, len(self._gates)))
        began = time.monotonic()
        for gate in gates:
            shut_out(site.store, gate, "stolen", "simulation")
        old = {gate: site.folders[gate] for gate in gates}
        site.until(
            lambda: not any(checks.on_box(folder) for folder in old.values()),
            120,
            "boxes that were shut out still hold people",
        )
        self._figure("shut out → box empty", f"{time.monotonic() - began:.1f} s")
        self._emptied = old
        for gate in gates:
            site.drop(gate)
        site.pair(gates, generation=1)
        site.start(gates)

    def _old_hub(self, _: list[str]) -> None:
        site = self._site
        with self.desk.pause:
            site.settle(self._gates)
            gone = set(self.desk.book.deleted)
            before = site.level()
            began = time.monotonic()
            site.restore_hub(site.folder / "old-hub.db")
            self.desk.learn()
            site.until(
                lambda: not gone & {row.name for row in site.store.people.find(limit=1 << 30)},
                300,
                "somebody who was deleted came back with the backup",
            )
            self._figure(
                "hub from its backup: nobody deleted is left",
                f"{time.monotonic() - began:.1f} s after its start, {len(gone)} deleted since, "
                f"{before - site.level()} changes lost",
            )
            self.desk.learn()
            self._revived(began)

    def _revived(self, began: float) -> None:
        """Boxes that the backup knows follow it again; the two replaced since then are paired
        again: the backup has never heard of them."""
        site = self._site
        known = {row.gate for row in site.boxes.all()}
        unknown = [gate for gate in self._emptied if gate in known]
        for gate in unknown:
            site.drop(gate)
        site.pair(unknown, generation=2)
        site.start(unknown)
        site.until(
            lambda: all(n <= site.level() for n in site.numbers().values()),
            300,
            "boxes do not follow the hub that was put back",
        )
        site.settle(self._gates)
        self._figure("hub from its backup: all agree", f"{time.monotonic() - began:.1f} s")

    def _deleted(self) -> None:
        """Receipts of all, and no byte of the names in any file of a box."""
        site = self._site
        with self.desk.pause:
            site.settle(self._gates)
            receipts = Receipts(site.store, Authority.of(site.store))
            site.until(
                lambda: not any(each.missing for each in receipts.state(100)),
                600,
                "receipts are missing",
            )
            self._write(0)
            site.drained()
            self._events_agree(complete=True)
            left = checks.bytes_left(site.folders, self.desk.book.deleted)
            self.result.wrong += left
            self._figure(
                "deleted people",
                f"{len(self.desk.book.deleted)}, files that hold a name: {len(left)}",
            )

    # ------------------------------------------------------------ invariants

    def _compare(self, title: str) -> None:
        """Every box has exactly whom it should have, as the hub has them; events in order."""
        wanted = checks.at_hub(self._site.store, self._site.layout)
        wrong: list[str] = []
        for gate in sorted(self._gates):
            box = checks.on_box(self._site.folders[gate])
            wrong += checks.people_differ(gate, box, wanted[gate])
        self.result.wrong += [f"{title}: {each}" for each in wrong]
        self._events_agree(complete=False)
        self._say(f"  checked after {title}: {len(self._gates)} boxes, {len(wrong)} differ")

    def _strangers(self, title: str) -> None:
        """While everything runs: nobody is where they never belonged."""
        for gate in sorted(self._gates):
            box = checks.on_box(self._site.folders[gate])
            wrong = checks.strangers(gate, box, self.desk.book.allowed[gate])
            self.result.wrong += [f"{title}: {each}" for each in wrong]

    def _events_agree(self, *, complete: bool) -> None:
        hub = checks.events_at_hub(self._site.store)
        for gate in sorted(self._gates):
            self.result.wrong += checks.out_of_order(gate, hub.get(gate, []))
            if complete:
                box = checks.events_of_box(self._site.folders[gate])
                self.result.wrong += checks.events_missing(gate, box, hub.get(gate, []))

    def _figure(self, name: str, text: str) -> None:
        self.result.figures[name] = text
        self._say(f"{name}: {text}")


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    p50, p95 = np.percentile(seconds, (50, 95))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, most {max(seconds):.2f} s (n = {len(seconds)})"


def simulate(
    folder: Path,
    layout: Layout,
    say: Say,
    *,
    url: str = "",
    processes: int = 2,
    seconds: float = 30,
    changes: float = 2,
    events: float = 50,
    backlog: int = 500,
    only_backlog: bool = False,
) -> Result:
    """A whole run in ``folder``, which must be empty. Raises SimulationError.

    ``only_backlog``: without the faults, for a measurement of the events alone.
    """
    site = Site(folder, layout, url, processes)
    try:
        return Simulation(
            site,
            say,
            seconds=seconds,
            changes=changes,
            events=events,
            backlog=backlog,
            only_backlog=only_backlog,
        ).run()
    finally:
        site.close()
