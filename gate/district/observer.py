"""What is measured and checked while the script of a simulated district runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from gate.district import checks
from gate.district.changes import Change
from gate.district.site import Site, disk, memory, processor

Say = Callable[[str], None]
_ORDER = 60.0  # seconds; a lock-down waits for a box that is busy


@dataclass(slots=True)
class Result:
    """``wrong`` is empty when every invariant held; ``figures`` by their names."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


class Observer:
    """Looks at the hub and at all boxes, and writes down what it finds in ``result``."""

    def __init__(self, site: Site, say: Say) -> None:
        self._site, self._say = site, say
        self._gates = set(site.layout.names)
        self.result = Result()

    def figure(self, name: str, text: str) -> None:
        self.result.figures[name] = text
        self._say(f"{name}: {text}")

    def processors(self) -> list[float]:
        site = self._site
        crews = [processor(crew.process.pid or 0) for crew in site.crews]
        return [processor(site.hub_process), *crews]

    def used(self, before: list[float]) -> str:
        """Processor since then: a figure that hardly depends on what else the machine does."""
        hub, *crews = (now - then for then, now in zip(before, self.processors(), strict=True))
        return f"processor: hub {hub:.1f} s, boxes {sum(crews):.1f} s"

    def sizes(self) -> None:
        site = self._site
        boxes = [disk(folder) for folder in site.folders.values()]
        resident = sum(memory(crew.process.pid or 0) for crew in site.crews)
        people = len(checks.on_box(next(iter(site.folders.values()))))
        self.figure("disk of a box", f"{np.mean(boxes) / 1e6:.1f} MB, about {people} people")
        self.figure("memory of a box", f"{resident / len(boxes) / 1e6:.1f} MB beside the others")
        self.figure("memory of the hub", f"{memory(site.hub_process) / 1e6:.0f} MB")
        if site.sqlite:
            self.figure("disk of the hub", f"{disk(site.folder / 'hub') / 1e6:.0f} MB")
        self.figure("load of the machine", f"{os.getloadavg()[0]:.0f}, {os.cpu_count()} cores")

    def latencies(self, made: Iterable[Change], gates: set[str]) -> list[float]:
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

    def lock_downs(self, title: str, gates: set[str], count: int = 5) -> None:
        """To every box; those in ``gates`` can be reached and must have it."""
        slowest, used = [], self.processors()
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
        text += self.used(used)
        self.figure(f"{title} → {len(gates)} boxes", text)

    def _all_obeyed(self, by: str, gates: set[str]) -> bool:
        return gates <= self._obeyed(by).keys()

    def _obeyed(self, by: str) -> dict[str, float]:
        return {
            gate: at for crew in self._site.crews for gate, at in crew.call("obeyed", by).items()
        }

    def compare(self, title: str) -> None:
        """Every box has exactly whom it should have, as the hub has them; events in order."""
        wanted = checks.at_hub(self._site.store, self._site.layout)
        wrong: list[str] = []
        for gate in sorted(self._gates):
            box = checks.on_box(self._site.folders[gate])
            wrong += checks.people_differ(gate, box, wanted[gate])
        self.result.wrong += [f"{title}: {each}" for each in wrong]
        self.events_agree(complete=False)
        self._say(f"  checked after {title}: {len(self._gates)} boxes, {len(wrong)} differ")

    def strangers(self, title: str, allowed: Mapping[str, Collection[str]]) -> None:
        """While everything runs: nobody is where they never belonged."""
        for gate in sorted(self._gates):
            box = checks.on_box(self._site.folders[gate])
            wrong = checks.strangers(gate, box, allowed[gate])
            self.result.wrong += [f"{title}: {each}" for each in wrong]

    def events_agree(self, *, complete: bool) -> None:
        hub = checks.events_at_hub(self._site.store)
        for gate in sorted(self._gates):
            self.result.wrong += checks.out_of_order(gate, hub.get(gate, []))
            if complete:
                box = checks.events_of_box(self._site.folders[gate])
                self.result.wrong += checks.events_missing(gate, box, hub.get(gate, []))


def spread(seconds: list[float]) -> str:
    """Percentiles of some latencies."""
    if not seconds:
        return "none"
    p50, p95 = np.percentile(seconds, (50, 95))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, most {max(seconds):.2f} s (n = {len(seconds)})"
