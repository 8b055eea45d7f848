"""The broker stops and comes back: ``python -m benchmarks.soak.broker_down --seconds 60``.

A gate replays a resident who walks up, over and over, at recorded speed, and publishes to
Mosquitto. The broker is stopped, stays away, and is started again with the memory it had. A
receiver with a session of its own must get every event of the store, in order.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import select

from gate.config.settings import Settings, build
from gate.daemon.build import Core, build_core, open_doorway
from gate.demo.replay import Replay
from gate.demo.scenes import demo_clock, enrol_photographs
from gate.integrations.broker import Mosquitto, find_mosquitto, free_port
from gate.integrations.publisher import RECEIVER, Publisher
from gate.integrations.settings import MqttSettings
from gate.services.enrolment import Examiner
from gate.store.store import Store
from gate.store.tables import EventRow

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDING = FIXTURES / "recordings" / "resident-walks-up.mp4"
DRAIN = 60.0  # seconds the last events may take


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made and what arrived.

    Attributes:
        made: sequence numbers in the store.
        arrived: sequence numbers as the receiver got them, repetitions included.
        while_down: events made while there was no broker.
        back_after: seconds from the broker's start to the first event that arrived.
    """

    made: list[int]
    arrived: list[int]
    while_down: int
    back_after: float

    @property
    def missing(self) -> list[int]:
        return sorted(set(self.made) - set(self.arrived))

    @property
    def in_order(self) -> bool:
        """Each for the first time in the order of its number; repetitions are the receiver's."""
        first = list(dict.fromkeys(self.arrived))
        return first == sorted(first)

    @property
    def well(self) -> bool:
        return bool(self.made) and not self.missing and self.in_order and self.while_down > 0


def broker_down(folder: Path, seconds: float, around: float = 10.0) -> Outcome:
    """Run for ``around`` seconds before and after ``seconds`` without a broker."""
    program = find_mosquitto()
    if program is None:
        raise SystemExit("this needs Mosquitto: apt-get install mosquitto")
    port = free_port()
    broker = Mosquitto(program, port, folder / "broker")
    arrived: list[int] = []
    try:
        # The receiver first: an event published before it has subscribed passes it by, and comes
        # again only with the repetitions after the outage, behind later ones.
        with _receiver(port, arrived), _gate(folder, port) as (store, work):
            time.sleep(around)
            broker.stop()
            before = store.events.count()
            time.sleep(seconds)
            end = time.monotonic() + DRAIN
            while store.events.count() == before and time.monotonic() < end:
                time.sleep(0.1)  # on a slow machine: until somebody has come
            while_down = store.events.count() - before
            heard = len(arrived)
            broker = Mosquitto(program, port, folder / "broker")
            began = time.monotonic()
            while len(arrived) == heard and time.monotonic() - began < DRAIN:
                time.sleep(0.01)
            back_after = time.monotonic() - began
            time.sleep(around)
            made = _finish(store, work, arrived)
    finally:
        broker.stop()
    return Outcome(made, arrived, while_down, back_after)


class _Work:
    """The gate's thread: replays until stopped."""

    def __init__(self, core: Core, replay: Replay) -> None:
        self._core = core
        self._replay = replay
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gate")
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._replay.play(RECORDING)
        self._core.loop.stop()


@contextmanager
def _gate(folder: Path, port: int) -> Iterator[tuple[Store, _Work]]:
    settings = _settings(folder, port)
    clock = demo_clock()
    with Store.open(settings.store, folder, receivers=[RECEIVER]) as store:
        core = build_core(settings, store, clock, open_doorway(settings, clock))
        enrol_photographs(store, Examiner(core.detector, [core.encoder]), FIXTURES / "enrolled")
        core = build_core(settings, store, clock, core.doorway)
        publisher = Publisher(settings.mqtt, settings.name, store)
        publisher.start()
        core.start()
        work = _Work(core, Replay(core, clock, paced=True))
        try:
            yield store, work
        finally:
            work.end()
            publisher.stop()


def _finish(store: Store, work: _Work, arrived: list[int]) -> list[int]:
    """End the work, and wait for what is under way."""
    work.end()
    with store.database.read() as session:
        made = list(session.scalars(select(EventRow.sequence).order_by(EventRow.sequence)))
    end = time.monotonic() + DRAIN
    while set(made) - set(arrived) and time.monotonic() < end:
        time.sleep(0.05)
    return made


def _settings(folder: Path, port: int) -> Settings:
    return build(
        {
            "name": "outage",
            "data": str(folder),
            "models": {"folder": str(folder / "models")},
            "mqtt": {"port": port, "retry_most": 2, "settle": 3.0},
        }
    )


@contextmanager
def _receiver(port: int, arrived: list[int]) -> Iterator[None]:
    """A client whose session the broker keeps, so that nothing passes it by."""
    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2, client_id="receiver", protocol=paho.MQTTv5
    )
    ready = threading.Event()

    def took(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        arrived.append(json.loads(message.payload)["sequence"])

    client.on_message = took
    client.on_connect = lambda client, *_: client.subscribe(f"{MqttSettings().prefix}/+/event", 1)
    client.on_subscribe = lambda *_: ready.set()
    client.reconnect_delay_set(1, 1)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    if not ready.wait(30):
        raise SystemExit("the receiver could not subscribe at the broker")
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0, help="without a broker")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-outage-") as folder:
        outcome = broker_down(Path(folder), chosen.seconds)
    made = len(outcome.made)
    print(
        f"events made {made}, of them {outcome.while_down} in {chosen.seconds:g} s without broker"
    )
    print(f"arrived {len(set(outcome.arrived))}, missing {outcome.missing}")
    print(f"in order: {outcome.in_order}; sent twice {len(outcome.arrived) - made}")
    print(f"first event {outcome.back_after:.1f} s after the broker was there again")
    return 0 if outcome.well else 1


if __name__ == "__main__":
    sys.exit(main())
