"""The script of a simulated district: what goes wrong, what is checked, what is measured."""

from __future__ import annotations

import random
import time
from pathlib import Path

from gate.district import checks
from gate.district.changes import Desk
from gate.district.faults import Faults
from gate.district.layout import Layout
from gate.district.observer import Observer, Result, Say, spread
from gate.district.site import Site, processor
from gate.hub.app import PATIENCE
from gate.hub.authority import Authority
from gate.hub.receipts import Receipts


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
        self._observer = Observer(site, say)
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
            self._observer.lock_downs("lock-down of all gates", self._gates)
            faults = self._faults()
            if not self._only_backlog:
                faults.run()
            self._flood()
            if site.sqlite and not self._only_backlog:
                faults.lose_hub()
            self._deleted()
        finally:
            self.desk.stop()
        if self.desk.fault is not None:
            self._observer.result.wrong.append(f"desk: {self.desk.fault}")
        self._observer.sizes()
        return self._observer.result

    def _faults(self) -> Faults:
        return Faults(
            self._site,
            self.desk,
            self._observer,
            seconds=self._seconds,
            copied=self._copied,
            chance=self._random,
        )

    def _begin(self) -> None:
        site, began = self._site, time.monotonic()
        site.enrol_all()
        self._observer.figure("register made", f"{time.monotonic() - began:.0f} s")
        site.start_hub()
        began = time.monotonic()
        used = self._observer.processors()
        site.pair(site.layout.names, say=self._say)
        self._observer.figure(
            "boxes paired", f"{time.monotonic() - began:.0f} s, {self._observer.used(used)}"
        )
        began, used = time.monotonic(), self._observer.processors()
        site.start(site.layout.names, self._say)
        site.settle(self._gates, 3_600)
        took = time.monotonic() - began
        self._observer.figure(
            "boxes loaded", f"{took:.0f} s after the last pairing, {self._observer.used(used)}"
        )
        self._observer.compare("loaded")
        if site.sqlite:
            site.store.database.backup(site.folder / "old-hub.db")
        self._copied = self._random.sample(site.layout.names, min(2, len(self._gates)))
        site.each("keep_backups", self._copied)

    def _calm(self) -> None:
        used = self._observer.processors()
        began = time.monotonic()
        time.sleep(self._seconds)
        took = time.monotonic() - began
        hub, *crews = (
            100 * (after - before) / took
            for before, after in zip(used, self._observer.processors(), strict=True)
        )
        with self.desk.pause:
            self._site.settle(self._gates)
            made = [change for change in self.desk.book.made if change.at >= began]
            self._observer.compare("calm")
        late = self._observer.latencies(made, self._gates)
        self._observer.figure("change → boxes", spread(late))
        self._observer.figure(
            "processor meanwhile",
            f"hub {hub:.0f} %, boxes {sum(crews):.0f} % of one core for "
            f"{len(made) / took:.1f} changes and {self._events:.0f} events a second",
        )

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
        self._observer.figure(
            "events at the hub",
            f"{waiting / took:.0f} a second ({waiting} in {took:.0f} s, hub {share:.0f} % of a "
            "core, the first seconds of which the boxes still waited before they asked again)",
        )

    def _write(self, events: float) -> None:
        """So many events a second from now on, of all boxes together."""
        for crew in self._site.crews:
            crew.call("events_per_second", events / len(self._site.crews))

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
            self._observer.events_agree(complete=True)
            left = checks.bytes_left(site.folders, self.desk.book.deleted)
            self._observer.result.wrong += left
            self._observer.figure(
                "deleted people",
                f"{len(self.desk.book.deleted)}, files that hold a name: {len(left)}",
            )


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
    patience: float = PATIENCE,
) -> Result:
    """A whole run in ``folder``, which must be empty. Raises SimulationError.

    ``only_backlog``: without the faults, for a measurement of the events alone. ``patience``:
    seconds for which the hub keeps back changes that do not concern a box.
    """
    site = Site(folder, layout, url, processes, patience)
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
