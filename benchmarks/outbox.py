"""``python -m benchmarks.outbox``: events a second written durably, and a backlog drained.

While the backlog drains, single events are recorded and waited for, as passages do; the time each
waits is compared with the same on an idle outbox.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gate.events.event import Event
from gate.integrations.broker import Mosquitto, find_mosquitto, free_port
from gate.integrations.publisher import Publisher
from gate.integrations.settings import MqttSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store


def event() -> Event:
    """As long as one of a real passage: about 700 bytes."""
    return Event.make(
        "north", "passage.granted", datetime.now(UTC), passage="0" * 36, method="face",
        decision="grant", rule="resident", reasons=("known",), person="f" * 32, latency=312.0,
        scores={"best": 4.2, "second": 0.3, "evidence": 14.1, "threshold": 9.0},
        versions={"encoder": "retail-0095/fp16", "fit": "3", "liveness": "minifasnet/2"},
        temperature={"raw": 33.1, "ambient": 21.0, "estimated": 36.5, "validity": "valid"},
    )  # fmt: skip


def waits(store: Store, count: int) -> np.ndarray:
    """Milliseconds from ``record`` to on the disk, one at a time, 20 a second."""
    measured = []
    for _ in range(count):
        started = time.perf_counter()
        store.writer.record(event()).result(30)
        measured.append((time.perf_counter() - started) * 1000)
        time.sleep(0.05)
    return np.array(measured)


def line(name: str, values: np.ndarray) -> str:
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f} (n = {len(values)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=MqttSettings().rate, help="[mqtt] rate")
    chosen = parser.parse_args()
    backlog = chosen.backlog
    program = find_mosquitto()
    if program is None:
        raise SystemExit("this needs Mosquitto: apt-get install mosquitto")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(StoreSettings(queue=200_000), folder, receivers=("mqtt",)) as store:
            store.writer.record(event()).result(30)
            idle = waits(store, 100)
            started = time.perf_counter()
            futures = [store.writer.record(event()) for _ in range(backlog)]
            futures[-1].result(600)
            seconds = time.perf_counter() - started
            print(f"written durably: {backlog / seconds:.0f} events/s")
            size = (folder / "gate.db").stat().st_size / store.events.count()
            print(f"room in the database: {size:.0f} bytes an event")
            broker = Mosquitto(program, free_port(), folder / "broker")
            publisher = Publisher(MqttSettings(port=broker.port, rate=chosen.rate), "north", store)
            started = time.perf_counter()
            publisher.start()
            busy = waits(store, 200)
            while publisher.health().waiting > 0:
                time.sleep(0.05)
            seconds = time.perf_counter() - started
            rate = publisher.published / seconds
            print(
                f"backlog of {publisher.published} drained in {seconds:.1f} s: {rate:.0f} events/s"
            )
            print(line("an event to disk, outbox idle", idle))
            print(line("an event to disk, backlog draining", busy))
            publisher.stop()
            broker.stop()


if __name__ == "__main__":
    main()
