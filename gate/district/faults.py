"""The faults of a simulated district: each is caused, lasts a while and ends; then all agree."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from gate.district import checks
from gate.district.changes import Desk
from gate.district.observer import Observer, spread
from gate.district.site import Site
from gate.hub.boxes import shut_out


class Faults:
    """One run of them. ``copied``: gates whose data was copied at the beginning."""

    def __init__(
        self,
        site: Site,
        desk: Desk,
        observer: Observer,
        *,
        seconds: float,
        copied: list[str],
        chance: random.Random,
    ) -> None:
        self._site, self._desk, self._observer = site, desk, observer
        self._seconds, self._copied, self._random = seconds, copied, chance
        self._gates = set(site.layout.names)
        self._emptied: dict[str, Path] = {}

    def run(self) -> None:
        """Every fault but the hub's own loss, one after another. Raises SimulationError."""
        self._wires("a third of the links cut", 3, cut=True)
        self._wires("a tenth of the links frozen", 10, frozen=True)
        self._wires("every message of a fifth arrives twice", 5, twice=True)
        self._step("a tenth of the clocks set wrong by 400 days", 10, self._jump)
        self._step("a tenth of the boxes restarted", 10, self._restart)
        self._step("two boxes put back from an old copy", 0, self._restore)
        self._step("hub killed and started", 0, self._kill_hub)
        self._step("two boxes shut out, and replaced", 0, self._revoke)

    def lose_hub(self) -> None:
        """The hub is put back from the backup made at the beginning. Raises SimulationError."""
        self._step("hub put back from an old backup", 0, self._old_hub)

    def _step(self, title: str, one_in: int, fault: Callable[[list[str]], None]) -> None:
        """A fault of some boxes, then everything has to agree again."""
        count = max(1, len(self._gates) // one_in) if one_in else 0
        gates = sorted(self._random.sample(sorted(self._gates), count))
        fault(gates)
        self._observer.strangers(title, self._desk.book.allowed)
        with self._desk.pause:
            took = self._site.settle(self._gates)
            self._observer.figure(f"{title}: all agree", f"{took:.1f} s after the end")
            self._observer.compare(title)

    def _wires(self, title: str, one_in: int, **state: bool) -> None:
        def fault(gates: list[str]) -> None:
            began = time.monotonic()
            self._site.each("set_wires", gates, state)
            time.sleep(self._seconds / 2)
            if not state.get("twice"):
                self._observer.lock_downs(f"lock-down, {title}", self._gates - set(gates), 2)
            made = [change for change in self._desk.book.made if change.at >= began]
            time.sleep(min(5.0, self._seconds))  # the last changes are on their way
            others = self._observer.latencies(made, self._gates - set(gates))
            self._observer.figure(f"change → the other boxes, {title}", spread(others))
            self._site.each("set_wires", gates, dict.fromkeys(state, False))

        self._step(title, one_in, fault)

    def _jump(self, gates: list[str]) -> None:
        for seconds in (400 * 86_400.0, -400 * 86_400.0, 0.0):
            self._site.each("jump", gates, seconds)
            time.sleep(self._seconds / 4)

    def _restart(self, gates: list[str]) -> None:
        took = self._site.each("restart", gates)
        self._observer.figure(
            "a box ends and begins", f"{max(map(float, map(str, took))):.1f} s at most"
        )

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
        self._observer.figure("shut out → box empty", f"{time.monotonic() - began:.1f} s")
        self._emptied = old
        for gate in gates:
            site.drop(gate)
        site.pair(gates, generation=1)
        site.start(gates)

    def _old_hub(self, _: list[str]) -> None:
        site = self._site
        with self._desk.pause:
            site.settle(self._gates)
            gone = set(self._desk.book.deleted)
            before = site.level()
            began = time.monotonic()
            site.restore_hub(site.folder / "old-hub.db")
            self._desk.learn()
            site.until(
                lambda: not gone & {row.name for row in site.store.people.find(limit=1 << 30)},
                300,
                "somebody who was deleted came back with the backup",
            )
            self._observer.figure(
                "hub from its backup: nobody deleted is left",
                f"{time.monotonic() - began:.1f} s after its start, {len(gone)} deleted since, "
                f"{before - site.level()} changes lost",
            )
            self._desk.learn()
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
        self._observer.figure("hub from its backup: all agree", f"{time.monotonic() - began:.1f} s")
