"""Backup of a large register while it is being written: time, size, what a restore gives back.

``python -m benchmarks.backup_size [PEOPLE] [EVENTS]``, by default 7,000 people with a template each
and 1,000,000 events. While the backup is made, 50 events a second are recorded and people are added
by another thread, as by an import. Prints seconds of backup and restore, the sizes, bytes of the
database for one event, and checks that what was restored is whole: every event up to the newest is
there once, and no transaction of the import by half.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
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


def busy(store: Store, over: threading.Event, first: int) -> int:
    """Record ``RATE`` events a second and add people until ``over``. How many events."""
    count, begun = 0, time.monotonic()
    while not over.is_set():
        store.events.append([event(first + count)])
        count += 1
        if count % 5 == 0:
            store.people.create_many({"name": f"新居民{count}-{n}"} for n in range(20))
        over.wait(max(0.0, begun + count / RATE - time.monotonic()))
    return count


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
            header = sealed.with_passphrase("four words nobody guesses")
            over, recorded = threading.Event(), []
            thread = threading.Thread(
                target=lambda: recorded.append(busy(store, over, events)), daemon=True
            )
            thread.start()
            began = time.monotonic()
            written = archive.write(
                store.database,
                data,
                config,
                target,
                header,
                gate="north",
                counts=(people, events, store.events.last_sequence("north")),
                now=datetime.now(UTC),
            )
            seconds = time.monotonic() - began
            over.set()
            thread.join()
        print(f"{people:,} people, {events:,} events: database {full / 1e6:.0f} MB")
        print(f"  {(filled - empty) / max(people, 1):.0f} bytes a person")
        print(f"  {(full - filled) / max(events, 1):.0f} bytes an event")
        print(
            f"backup: {seconds:.1f} s written and read back, {written.size / 1e6:.0f} MB, while "
            f"{recorded[0]} events were recorded ({recorded[0] / seconds:.0f} a second)"
        )
        began = time.monotonic()
        restore(
            written.path,
            "four words nobody guesses",
            Path(folder) / "again",
            settings,
            replace=False,
            now=datetime.now(UTC),
        )
        print(f"restore: {time.monotonic() - began:.1f} s")
        with Store.open(settings, Path(folder) / "again", create=False) as store:
            last, count = store.events.last_sequence("north"), store.events.count()
            assert last >= written.manifest.last_event, "events of before the backup are missing"
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
