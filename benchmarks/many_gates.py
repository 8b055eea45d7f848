"""``python -m benchmarks.many_gates``: three boxes, a hub and PostgreSQL on one machine.

First how soon a change at the desk is known at every gate, then what each failure does to
decisions, events and stopping. Every part is a process of its own; one box is behind a proxy.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from benchmarks.many_gates_box import CARD, ENCODER, WIDTH
from benchmarks.many_gates_box import settings as box_settings
from benchmarks.postgresql import Server
from benchmarks.proxy import Proxy
from gate.hub.authority import Authority
from gate.hub.boxes import Boxes
from gate.hub.receipts import Receipts
from gate.integrations.broker import free_port
from gate.recognition.face import Template
from gate.replica.join import join
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import EventRow

GATES = ("east", "north", "south")
PARTS = ("changes", "stopped", "frozen", "hub", "cut", "link", "kill")


def until(true: Callable[[], object], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.01)


def listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class BoxProcess:
    """A box, and what it has said so far."""

    def __init__(self, gate: str, data: Path) -> None:
        self.gate, self.data = gate, data
        self.said: list[dict[str, Any]] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.many_gates_box", str(self.data), self.gate],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines: queue.Queue[None] = queue.Queue()

        def read(process: subprocess.Popen[str]) -> None:
            for line in process.stdout or ():
                self.said.append(json.loads(line))
                if "ready" in self.said[-1]:
                    lines.put(None)

        threading.Thread(target=read, args=(self.process,), daemon=True).start()
        lines.get(timeout=120)

    def stop(self) -> float:
        """Seconds from SIGTERM to the end."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - began

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def when(self, since: float, **what: object) -> float | None:
        """When it first said so after ``since``."""
        wanted = what.items()
        for line in reversed(self.said):
            if line["at"] < since:
                return None
            if wanted <= line.items():
                return float(line["at"])
        return None

    def decisions(self, since: float, end: float) -> list[dict[str, Any]]:
        return [line for line in list(self.said) if "ms" in line and since <= line["at"] <= end]


class Site:
    """Server, hub, proxy, boxes, and the desk's own look at the register."""

    def __init__(self, folder: Path, people: int, after: ExitStack) -> None:
        self.folder = folder
        self.server = Server()
        after.callback(self.server.close)
        self.server.start()
        url = self.server.database()
        self.port = free_port()
        self.config = folder / "gate.toml"
        self.config.write_text(
            f'name = "hub"\ndata = "{folder}/hub"\n[store]\nurl = "{url}"\n'
            f'[hub]\nhost = "127.0.0.1"\nport = {self.port}\n'
        )
        self.store = Store.open(StoreSettings.model_validate({"url": url}), folder / "hub")
        after.callback(self.store.close)
        self.enrolled = 0
        rows = self.store.people.create_many({"name": f"resident {n}"} for n in range(people))
        self.store.templates.add(*(self.template(person) for person in rows))
        self.store.credentials.add(rows[0], "card", CARD)
        self.hub: subprocess.Popen[bytes] | None = None
        self.start_hub()
        after.callback(self.stop_hub)
        until(partial(listening, self.port))
        self.proxy = Proxy(self.port)
        after.callback(self.proxy.close)
        self.boxes = [BoxProcess(gate, folder / gate) for gate in GATES]
        for box in self.boxes:
            port = self.proxy.port if box.gate == GATES[0] else self.port
            self.join(box, port)
            box.start()
            after.callback(box.kill)

    def join(self, box: BoxProcess, port: int) -> None:
        with Store.open(box_settings(), box.data) as store:
            code = Boxes(self.store).new_code(box.gate, "benchmark")
            join(store, box.data, box.gate, (f"https://127.0.0.1:{port}",), code)

    def template(self, person: int) -> Template:
        drawn = np.random.default_rng(person).normal(size=WIDTH).astype(np.float32)
        return Template(person, drawn / np.float32(np.linalg.norm(drawn)), ENCODER)

    def start_hub(self) -> None:
        code = "from gate.cli import main; main()"
        command = [sys.executable, "-c", code, "hub", "run", "--config", str(self.config)]
        log = (self.folder / "hub.log").open("ab")
        self.hub = subprocess.Popen(command, stdout=log, stderr=log)

    def stop_hub(self, number: int = signal.SIGKILL) -> None:
        if self.hub is not None:
            self.hub.send_signal(number)
            self.hub.wait(30)
            self.hub = None


def spread(seconds: list[float]) -> str:
    p50, p95 = np.percentile(seconds, (50, 95))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, most {max(seconds):.2f} s (n = {len(seconds)})"


def changes(site: Site, count: int) -> None:
    """From the commit at the desk to the matcher, the rules, the door of every gate."""
    store, boxes = site.store, site.boxes
    enrolled, refused, locked, proved = [], [], [], []
    people = []
    receipts = Receipts(store, Authority.of(store))
    for number in range(count):
        began = time.monotonic()
        row = store.people.create(f"new {number}")
        store.templates.add(site.template(row.id))
        written = time.monotonic()
        people.append(row)
        until(partial(everywhere, boxes, began, known=row.ref))
        enrolled.append(max(box.when(began, known=row.ref) or 0 for box in boxes) - written)
    for row in people[: count // 4]:
        store.people.update(row.id, blocked=True)
        written = time.monotonic()
        until(partial(everywhere, boxes, written, known=row.ref, blocked=True))
        last = max(b.when(written, known=row.ref, blocked=True) or 0 for b in boxes)
        refused.append(last - written)
    for number in range(count // 4):
        began = time.monotonic()
        by = f"guard {number}"
        for box in boxes:
            store.orders.give(box.gate, "lockdown", by)
        until(partial(everywhere, boxes, began, order="lockdown", by=by))
        last = max(b.when(began, order="lockdown", by=by) or 0 for b in boxes)
        locked.append(last - began)
    for row in people[: count // 4]:
        store.people.delete(row.id)
        written = time.monotonic()
        until(partial(proved_by, receipts, row.ref, len(boxes)))
        proved.append(time.monotonic() - written)
    print(f"enrolled at the desk → in the matcher of all three: {spread(enrolled)}")
    print(f"blocked at the desk → refused at all three: {spread(refused)}")
    print(f"lock-down at the desk → order at the door of all three: {spread(locked)}")
    print(f"deleted at the desk → three signed receipts: {spread(proved)}")


def everywhere(boxes: list[BoxProcess], since: float, **what: object) -> bool:
    return all(box.when(since, **what) is not None for box in boxes)


def proved_by(receipts: Receipts, ref: str, boxes: int) -> bool:
    return any(each.done == boxes for each in receipts.state(10) if each.ref == ref)


def serves(box: BoxProcess, since: float) -> bool:
    """Whether it has decided by card and by face after ``since``."""
    return None not in without_service(box, since)


def without_service(box: BoxProcess, since: float) -> tuple[float | None, float | None]:
    """Seconds from ``since`` to the first decision by card, and to the first by face."""
    later = [line for line in list(box.said) if "ms" in line and line["at"] > since]
    card = next((line["at"] - since for line in later if line["card"]), None)
    face = next((line["at"] - since for line in later if line["faces"]), None)
    return card, face


def killed(site: Site, victim: BoxProcess, times: int) -> None:
    """Kill a box and wait until its door serves again; how long it did not."""
    card, face = [], []
    for _ in range(times):
        began = time.monotonic()
        victim.kill()
        victim.start()
        until(partial(serves, victim, began))
        one, other = without_service(victim, began)
        card.append(one or 0.0)
        face.append(other or 0.0)
    print(f"box killed with -9 and started at once: without cards {spread(card)};"
          f" without faces {spread(face)}; events {events_agree(site)}", flush=True)  # fmt: skip


def failure(site: Site, name: str, begin: Callable[[], object], end: Callable[[], object],
            seconds: float, usual: float) -> None:  # fmt: skip
    """One line of the table: decisions meanwhile, SIGTERM meanwhile, what is true afterwards."""
    began = time.monotonic()
    begin()
    time.sleep(seconds / 2)
    restarted = time.monotonic()
    stopped = site.boxes[0].stop()  # also restarted in the middle of it
    site.boxes[0].start()
    until(partial(serves, site.boxes[0], restarted + stopped))
    away = max(one or 0.0 for one in without_service(site.boxes[0], restarted + stopped))
    time.sleep(seconds / 2)
    ended = time.monotonic()
    end()
    made = [line for box in site.boxes for line in box.decisions(began + 1, ended)]
    p95 = float(np.percentile([line["ms"] for line in made], 95))
    # a box that starts loads its faces first: how long that takes is a figure of its own
    # (until it has stopped it still decides with those of before)
    back = restarted + stopped
    first = {box.gate: next(line["at"] for line in box.decisions(back, ended) if line["faces"])
             for box in site.boxes}  # fmt: skip
    served = all(line["card"] for line in made) and all(
        line["faces"] for box in site.boxes for line in box.decisions(first[box.gate], ended)
    )
    how = "as usual" if served else "NOT SERVED"
    row = site.store.people.create(f"after {name}")
    until(lambda: all(box.when(ended, known=row.ref) for box in site.boxes))
    again = time.monotonic() - ended
    whole = events_agree(site)
    print(
        f"{name} {seconds:.0f} s: {len(made)} decisions p95 {p95:.0f} ms"
        f" ({p95 / usual:.1f} × usual), card and face {how},"
        f" SIGTERM {stopped:.1f} s, started without its hub and serving after {away:.1f} s,"
        f" all agree {again:.1f} s after the end, events {whole}",
        flush=True,
    )


def events_agree(site: Site) -> str:
    """Whether hub and boxes have the same events in the same order, once the outboxes are empty."""
    for box in site.boxes:
        box.stop()
        box.start()
    total = 0
    for box in site.boxes:
        deadline = time.monotonic() + 120
        while True:
            mine, hub = _ids(box_store(box), box.gate), _ids(site.store, box.gate)
            # the box goes on writing: what it had is what the hub must have by now
            if len(hub) >= len(mine) - 60 and hub == mine[: len(hub)]:
                total += len(hub)
                break
            if time.monotonic() > deadline:
                return f"DIFFER at {box.gate}: {len(hub)} of {len(mine)}"
            time.sleep(0.5)
    return f"complete and in order ({total})"


def box_store(box: BoxProcess) -> Store:
    return Store.open(box_settings(), box.data, create=False)


def _ids(store: Store, gate: str) -> list[str]:
    query = select(EventRow.id).where(EventRow.gate == gate).order_by(EventRow.sequence)
    with store.database.read() as session:
        return list(session.scalars(query))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300, help="of each failure")
    parser.add_argument("--kills", type=int, default=5, help="of a box, with -9")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    wanted = parser.parse_args()
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="many-gates-")))
        folder.chmod(0o755)
        site = Site(folder, wanted.people, after)
        until(lambda: all(any(line.get("faces") for line in box.said) for box in site.boxes))
        print(f"{wanted.people} people, {len(GATES)} boxes, {os.cpu_count()} cores, "
              f"load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
        if "changes" in wanted.only:
            changes(site, wanted.changes)
        began = time.monotonic()
        time.sleep(20)
        calm = [line["ms"] for box in site.boxes for line in box.decisions(began, began + 20)]
        usual = float(np.percentile(calm, 95))
        print(f"decisions without a failure: p95 {usual:.0f} ms (n = {len(calm)})", flush=True)
        server, proxy = site.server, site.proxy
        victim = site.boxes[1]
        seconds = wanted.seconds
        failures: dict[str, tuple[str, Callable[[], object], Callable[[], object]]] = {
            "stopped": ("PostgreSQL stopped", server.stop, server.start),
            "frozen": ("PostgreSQL frozen", server.freeze, lambda: server.freeze(False)),
            "hub": ("hub killed", site.stop_hub, site.start_hub),
            "cut": (
                "link of one box cut",
                lambda: proxy.cut(True),
                lambda: proxy.cut(False),
            ),
            "link": (
                "link of one box frozen",
                lambda: proxy.freeze(True),
                lambda: proxy.freeze(False),
            ),
        }
        for part, (name, begin, end) in failures.items():
            if part in wanted.only:
                failure(site, name, begin, end, seconds, usual)
        if "kill" in wanted.only:
            killed(site, victim, wanted.kills)


if __name__ == "__main__":
    main()
