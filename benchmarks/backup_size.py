"""Backup of a large register while it is being written: time, size, what a restore gives back.

``python -m benchmarks.backup_size [PEOPLE] [EVENTS]``, by default 7,000 people with a template each
and 1,000,000 events. 50 events a second are recorded and people are added by a thread, as by an
import: first alone, then while another process makes the backup at the priority of
``gate-backup.service``. Prints the rate and the delays of both, seconds of backup and restore, the
sizes, bytes of the database for one event, and checks that what was restored is whole: every event
up to the newest is there once, and no transaction of the import by half.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from gate.backup import archive, sealed
from gate.backup.restore import restore
from gate.events.event import Event
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store

ENCODER = "retail-0095/1"
DIMENSION = 256
RATE = 50  # events a second while the backup is made
QUIET = 20.0  # seconds without a backup, to compare with
PASSPHRASE = "four words nobody guesses"
START = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int) -> Event:
    """A decision about as long as a real one."""
    return Event.make(
        "north",
        "passage.granted",
        START + timedelta(seconds=10 * number),
        passage=f"passage-{number}",
        method="face",
        decision="grant",
        rule="allowed",
        reasons=("welcome",),
        person=f"ref-{number % 7000:05d}",
        scores={"best": 0.71, "second": 0.2, "evidence": 8.3, "threshold": 0.4},
        versions={"encoder": ENCODER, "software": "0.2.0"},
        latency=312.0,
        details={"values": {"presence": "outside", "mode": "normal", "kind": "resident"}},
    )


def fill(store: Store, people: int, events: int) -> None:
    random = np.random.default_rng(1)
    numbers = store.people.create_many({"name": f"居民{n}"} for n in range(people))
    for begin in range(0, people, 500):
        some = numbers[begin : begin + 500]
        vectors = random.normal(size=(len(some), DIMENSION)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        store.templates.add(*(Template(n, v, ENCODER) for n, v in zip(some, vectors, strict=True)))
    for begin in range(0, events, 2000):
        store.events.append([event(n) for n in range(begin, min(begin + 2000, events))])


class Busy:
    """Records ``RATE`` events a second and adds people, in a thread; how long each event took."""

    def __init__(self, store: Store, data: Path, first: int) -> None:
        self._store, self._data, self._first = store, data, first
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seconds: list[float] = []
        self.log = 0  # bytes of the largest WAL

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._over.is_set():
            before = time.monotonic()
            self._store.events.append([event(self._first + len(self.seconds))])
            self.seconds.append(time.monotonic() - before)
            count = len(self.seconds)
            if count % 5 == 0:
                self._store.people.create_many({"name": f"新居民{count}-{n}"} for n in range(20))
                self.log = max(
                    self.log, *(p.stat().st_size for p in self._data.glob("gate.db*-wal"))
                )
            self._over.wait(max(0.0, began + count / RATE - time.monotonic()))

    def says(self, within: float) -> str:
        median, late = np.quantile(self.seconds, (0.5, 0.99)) * 1000
        return (
            f"{len(self.seconds) / within:.0f} events a second, median {median:.0f} ms, "
            f"99 % {late:.0f} ms, longest {1000 * max(self.seconds):.0f} ms"
        )


def backed_up(data: Path, config: Path, target: Path, counts: tuple[int, int, int]) -> float:
    """Seconds of a backup by another process, which yields to others as that of the unit does."""
    begun = time.monotonic()
    with get_context("spawn").Pool(1, os.nice, (10,)) as pool:
        pool.apply(_back_up, (data, config, target, counts))
    return time.monotonic() - begun


def _back_up(data: Path, config: Path, target: Path, counts: tuple[int, int, int]) -> None:
    header = sealed.with_passphrase(PASSPHRASE)
    now = datetime.now(UTC)
    with Store.open(StoreSettings(ballast=0), data, create=False) as store:
        archive.write(
            store.database, data, config, target, header, gate="north", counts=counts, now=now
        )


def main(people: int, events: int) -> None:
    settings = StoreSettings(ballast=0)
    with tempfile.TemporaryDirectory() as folder:
        data, target = Path(folder) / "data", Path(folder) / "backup"
        config = Path(folder) / "gate.toml"
        config.write_text('name = "north"\n')
        with Store.open(settings, data) as store:
            empty = size_of(data)
            fill(store, people, 0)
            filled = size_of(data)
            fill(store, 0, events)
            full = size_of(data)
            print(f"{people:,} people, {events:,} events: database {full / 1e6:.0f} MB")
            print(f"  {(filled - empty) / max(people, 1):.0f} bytes a person")
            print(f"  {(full - filled) / max(events, 1):.0f} bytes an event", flush=True)
            with Busy(store, data, events) as alone:
                time.sleep(QUIET)
            print(f"without a backup: {alone.says(QUIET)}", flush=True)
            first = events + len(alone.seconds)
            counts = (people, events, store.events.last_sequence("north"))
            with Busy(store, data, first) as beside:
                seconds = backed_up(data, config, target, counts)
            print(f"beside it: {beside.says(seconds)}, WAL {beside.log / 1e6:.0f} MB")
        (written,) = target.glob(f"*{archive.SUFFIX}")
        size = written.stat().st_size
        print(f"backup: {seconds:.1f} s written and read back, {size / 1e6:.0f} MB", flush=True)
        began = time.monotonic()
        done = restore(
            written,
            PASSPHRASE,
            Path(folder) / "again",
            settings,
            replace=False,
            now=datetime.now(UTC),
        )
        print(f"restore: {time.monotonic() - began:.1f} s")
        with Store.open(settings, Path(folder) / "again", create=False) as store:
            last, count = store.events.last_sequence("north"), store.events.count()
            assert last >= done.manifest.last_event, "events of before the backup are missing"
            assert last == count, f"torn: {count} events, the newest is number {last}"
            held = store.people.count()
            assert (held - people) % 20 == 0, "half of a transaction of the import"
            print(f"restored: {held:,} people, {count:,} events, each once")


def size_of(data: Path) -> int:
    """Bytes of the database with its log."""
    return sum(p.stat().st_size for p in data.glob("gate.db*"))


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*(given + [7_000, 1_000_000][len(given) :]))
