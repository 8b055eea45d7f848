"""``python -m benchmarks.retention``: does deleting old events hold up the intake of a hub?

A PostgreSQL register is filled with days of events of 500 gates. Then boxes deliver at a steady
rate, in messages of 100, once without and once while everything older than a day is deleted as
the desk does it (``Events.forget_before``), and how long each message took is compared.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.postgresql import Server
from gate.events.event import Event
from gate.hub.intake import Intake
from gate.store.settings import StoreSettings
from gate.store.store import Store

GATES = 500
_MESSAGE = 100  # events
_BOXES = 4  # that deliver at one time

_FILL = """
INSERT INTO events (gate, sequence, id, time, type, passage, person, method, decision, body)
SELECT 'old-' || g, n, gen_random_uuid()::text,
       (now() AT TIME ZONE 'UTC') - interval '1 day' - (random() * interval '1 day'),
       CASE mod(n, 4) WHEN 0 THEN 'passage.granted' WHEN 1 THEN 'door.unlocked'
                  WHEN 2 THEN 'door.opened' ELSE 'passage.ended' END,
       gen_random_uuid()::text, md5((mod(n, 20000))::text), 'face', 'grant',
       json_build_object('gate', 'old-' || g, 'text', repeat('x', 500))
FROM generate_series(1, %(gates)s) g, generate_series(1, %(each)s) n
"""


def bodies(gate: str, first: int) -> list[dict[str, object]]:
    at = datetime.now(UTC)
    made = (Event.make(gate, "passage.granted", at, method="face") for _ in range(_MESSAGE))
    return [event.numbered(first + n, 1).body() for n, event in enumerate(made)]


def deliver(store: Store, seconds: float, rate: float) -> list[float]:
    """Messages of several boxes at ``rate`` events a second; seconds each of them took."""
    intake, end = Intake(store), time.monotonic() + seconds
    pause = _BOXES * _MESSAGE / rate

    def box(_: int) -> list[float]:
        gate, last, took = f"new-{uuid.uuid4().hex[:8]}", 0, []
        while time.monotonic() < end:
            message, began = bodies(gate, last + 1), time.monotonic()
            last = intake.take(gate, 1, 1, message).last
            took.append(time.monotonic() - began)
            time.sleep(max(0.0, pause - took[-1]))
        return took

    with ThreadPoolExecutor(_BOXES) as pool:
        return [each for some in pool.map(box, range(_BOXES)) for each in some]


def spread(seconds: list[float]) -> str:
    p50, p95 = 1000 * np.percentile(seconds, (50, 95))
    worst = 1000 * max(seconds)
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, most {worst:.0f} ms (n = {len(seconds)})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2_000_000, help="a day old or older")
    parser.add_argument("--rate", type=float, default=370, help="events delivered a second")
    parser.add_argument("--seconds", type=float, default=60, help="of the part without deletion")
    wanted = parser.parse_args()
    server = Server()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = StoreSettings.model_validate({"url": server.database(), "busy_timeout": 60})
            with Store.open(settings, Path(folder)) as store:
                measure(store, server, wanted)
    finally:
        server.close()


def measure(store: Store, server: Server, wanted: argparse.Namespace) -> None:
    name = str(store.database.url.database)
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        began = time.monotonic()
        each = wanted.events // GATES
        connection.execute(_FILL, {"gates": GATES, "each": each})
        connection.execute("ANALYZE events")
        row = connection.execute("SELECT pg_total_relation_size('events') / 1e9").fetchone()
    took = time.monotonic() - began
    size = row[0] if row else 0
    print(f"{each * GATES} events in {took:.0f} s, {size:.2f} GB with their indexes", flush=True)
    print(f"intake alone: {spread(deliver(store, wanted.seconds, wanted.rate))}", flush=True)
    done: dict[str, float] = {}

    def forget() -> None:
        began = time.monotonic()
        done["count"] = store.events.forget_before(datetime.now(UTC) - timedelta(days=1))
        done["took"] = time.monotonic() - began

    thread = threading.Thread(target=forget)
    thread.start()
    during: list[float] = []
    while thread.is_alive():
        during += deliver(store, 5, wanted.rate)
    thread.join()
    print(f"intake while old ones are deleted: {spread(during)}")
    print(f"deleted {done['count']:.0f} in {done['took']:.0f} s,"
          f" {done['count'] / done['took']:.0f} a second")  # fmt: skip
    print(f"load {os.getloadavg()[0]:.0f}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
