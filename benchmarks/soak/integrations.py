"""Everything a gate can be connected to at once, each taken away and brought back in turn:
``python -m benchmarks.soak.integrations [--seconds 10] [--only WORD]``.

A whole ``gate run`` with its register on PostgreSQL, as a box of a hub on PostgreSQL; two cameras,
an RDM6300, an OSDP and a QR reader, a thermal image, a Modbus board with a door contact, another
maker's controller that is informed, an entry status service; Mosquitto with Home Assistant's
discovery, a webhook, a telephone, records as files, screen and health. All of it is simulated or
runs on this machine. All the while residents show cards at both readers.

Checked: whoever shows a card passes whenever what that needs is there; the gate is ready again
after each; it obeys a lock-down, stops cleanly, and no event is lost on any way. Wants Mosquitto
and PostgreSQL.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks.soak.integrations_site import (
    CARDS,
    CONTACT,
    NAME,
    OSDP_CARDS,
    PATIENCE,
    READY,
    Site,
    within,
)
from gate.integrations.broker import find_mosquitto
from gate.store.store import Store

Do = Callable[[], object]


def parts(site: Site) -> list[tuple[str, Do, Do, frozenset[str]]]:
    """Name, how it is taken away and brought back, and the readers that cannot serve meanwhile."""
    both, none = frozenset({"rdm", "osdp"}), frozenset[str]()

    def put(thing: object, **values: object) -> Do:
        def done() -> None:
            for name, value in values.items():
                setattr(thing, name, value)

        return done

    found: list[tuple[str, Do, Do, frozenset[str]]] = [
        ("webhook refuses", put(site.webhook, away=True), put(site.webhook, away=False), none),
        ("webhook hangs", put(site.webhook, hangs=True), put(site.webhook, hangs=False), none),
        (
            "telephone refuses",
            put(site.telephone, away=True),
            put(site.telephone, away=False),
            none,
        ),
        ("telephone hangs", site.telephone.lets.clear, site.telephone.lets.set, none),
        ("files gone", *_renamed(site.files), none),
        ("broker killed", site.kill_broker, site.start_broker, none),
        ("broker frozen", *_stopped(lambda: site.broker._process.pid), none),
        ("hub killed", site.kill_hub, site.start_hub, none),
        ("hub frozen", *_stopped(lambda: site.hub.pid), none),
        ("status hangs", put(site.status, mode="hang"), put(site.status, mode="right"), none),
        ("status wrong", put(site.status, mode="garbage"), put(site.status, mode="right"), none),
    ]
    for name, port in site.ports.items():
        kept = both if name == "board" else frozenset({name}) & both
        found.append((f"{name} unplugged", port.unplug, port.plug, kept))
    silent = site.ports["board"].faults
    found += [
        ("board silent", put(silent, silence=True), put(silent, silence=False), both),
        (
            "PostgreSQL frozen",
            site.postgresql.freeze,
            lambda: site.postgresql.freeze(False),
            both,
        ),
        ("PostgreSQL stopped", site.postgresql.stop, site.postgresql.start, both),
    ]
    return found


def _stopped(process: Callable[[], int]) -> tuple[Do, Do]:
    return (
        lambda: os.kill(process(), signal.SIGSTOP),
        lambda: os.kill(process(), signal.SIGCONT),
    )


def _renamed(folder: Path) -> tuple[Do, Do]:
    other = folder.with_name("elsewhere")
    return lambda: folder.rename(other), lambda: other.rename(folder)


class People:
    """Residents with cards, and the door that they open and close."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._numbers = itertools.count()
        self.waits: list[float] = []
        self._ending = threading.Event()
        self._door = threading.Thread(target=self._walk, daemon=True)
        self._door.start()

    def leave(self) -> None:
        self._ending.set()
        self._door.join()

    def come(self, seconds: float, without: frozenset[str] = frozenset()) -> Counter[str]:
        """One after the other, at both readers in turn: how many were let in, and who was not."""
        counted: Counter[str] = Counter()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            number = next(self._numbers)
            reader = "osdp" if number % 2 else "rdm"
            waited = self.show(number)
            if waited is not None:
                self.waits.append(waited)
            counted["in" if waited is not None else "out" if reader in without else "lost"] += 1
            self._ending.wait(1.2)
        return counted

    def show(self, number: int | None = None) -> float | None:
        """Seconds until the lock was released; None where it was not."""
        number = next(self._numbers) if number is None else number
        history = self._site.board.board.history
        before, began = len(history), time.monotonic()
        if number % 2:
            self._site.osdp.show(OSDP_CARDS[number % len(OSDP_CARDS)])
        else:
            self._site.rdm.show(CARDS[number % len(CARDS)], 0.4)
        while time.monotonic() < began + PATIENCE:
            if any(on for _, _, on in history[before:]):
                return time.monotonic() - began
            time.sleep(0.005)
        return None

    def _walk(self) -> None:
        board = self._site.board.board
        seen = 0
        while not self._ending.wait(0.02):
            if len(board.history) > seen and board.relays[0]:
                time.sleep(0.2)
                board.wires[CONTACT] = True
                time.sleep(0.3)
                board.wires[CONTACT] = False
            seen = len(board.history)


def run(seconds: float, only: str) -> list[str]:
    """What did not hold, one line each."""
    program = find_mosquitto()
    if program is None:
        raise SystemExit("this needs Mosquitto: apt-get install mosquitto")
    with tempfile.TemporaryDirectory(prefix="gate-soak-") as name:
        site = Site(Path(name), program)
        try:
            return Trial(site).run(seconds, only)
        finally:
            site.close()


class Trial:
    """One run through all parts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._people = People(site)
        self._faults: list[str] = []

    def run(self, seconds: float, only: str) -> list[str]:
        site, people = self._site, self._people
        started = within(READY, site.ready)
        self._must(started is not None, "the gate is not ready after its start")
        print(f"ready {started or 0:.1f} s after the start of the gate", flush=True)
        people.come(seconds)
        settled = self._measured()
        for part in parts(site):
            if only in part[0]:
                self._without(*part, seconds=seconds)
        self._must(site.order("lockdown") == "done", "the lock-down was not obeyed")
        self._must(people.show() is None, "a card opened in a lock-down")
        self._must(site.order("normal") == "done", "the lock-down did not end")
        self._must(not people.come(seconds)["lost"], "somebody was kept out at the end")
        print(f"memory MB, descriptors, threads: {settled} to {self._measured()}")
        print(f"card to lock: median {median(people.waits):.3f}, most {max(people.waits):.3f} s")
        time.sleep(READY / 4)  # what waits for its turn goes out
        people.leave()
        self._stop()
        self._record()
        return self._faults

    def _must(self, holds: bool, fault: str) -> None:
        if not holds:
            self._faults.append(fault)

    def _without(
        self, name: str, take: Do, bring: Do, without: frozenset[str], *, seconds: float
    ) -> None:
        take()
        away = self._people.come(seconds, without)
        bring()
        ready = within(READY, self._site.ready)
        back = self._people.come(4.0)
        print(
            f"{name}: {away['in']} in, {away['out']} out; ready after "
            f"{'never' if ready is None else format(ready, '.1f')} s, then {back['in']} in",
            flush=True,
        )
        self._must(not away["lost"] + back["lost"], f"{name}: somebody was kept out")
        self._must(ready is not None, f"{name}: not ready again")

    def _measured(self) -> tuple[int, int, int]:
        process = Path(f"/proc/{self._site.daemon.pid}")
        pages = int((process / "statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000
        return (
            memory,
            len(list((process / "fd").iterdir())),
            len(list((process / "task").iterdir())),
        )

    def _stop(self) -> None:
        began = time.monotonic()
        self._site.daemon.terminate()
        try:
            status = self._site.daemon.wait(30)
        except subprocess.TimeoutExpired:
            status = -1
        took = time.monotonic() - began
        print(f"stopped in {took:.1f} s")
        self._must(status == 0 and took < 6, f"stopping: status {status} after {took:.1f} s")
        self._must(not self._site.board.board.relays[0], "the lock is still released")

    def _record(self) -> None:
        """Every event is there once, here and with whoever gets them."""
        site = self._site
        rows = _events(site.store())
        sequences = [sequence for sequence, _, _ in rows]
        self._must(sequences == list(range(1, len(rows) + 1)), "the events have gaps")
        within(READY, lambda: site.listener.sequences[-1:] == sequences[-1:])
        self._must(site.listener.sequences == sequences, "MQTT: not every event once, in order")
        # what was made while the gate ended is in the outbox
        self._must(len(set(site.webhook.got)) >= len(rows) - 2, "the webhook lacks events")
        self._must(len(_events(site.hub_store())) >= len(rows) - 2, "the hub lacks events")
        self._must(bool(site.telephone.got), "no message came to the telephone")
        files = sum(len(one.read_text().splitlines()) for one in site.files.iterdir())
        ended = {passage for _, kind, passage in rows if kind == "passage.ended"}
        granted = {passage for _, kind, passage in rows if kind == "passage.granted"}
        self._must(granted <= ended, "a passage that was granted has no end")
        print(f"{len(rows)} events; {files} lines of files, {len(site.telephone.got)} messages")


def _events(opened: Store) -> list[tuple[int, str, str]]:
    with opened as store, store.database.read() as session:
        query = text("select sequence, type, passage from events where gate = :gate order by 1")
        return [(row[0], row[1], row[2]) for row in session.execute(query, {"gate": NAME})]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10.0, help="for which each is away")
    options.add_argument("--only", default="", help="parts whose name has this word")
    chosen = options.parse_args()
    faults = run(chosen.seconds, chosen.only)
    print("\n".join(faults) or "everything held")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
