"""``python -m benchmarks.soak.chaos``: broker, network, gate, disk fail; each event arrives once.

A process makes events as a gate does and publishes them through a bad network to Mosquitto; a
client with the twenty-line receiver of docs/mqtt.md listens. Meanwhile the broker is killed, the
network cut, the gate killed with SIGKILL, its disk filled. At the end the events in the database
must be the events received, each once, in order.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from benchmarks.soak.bad_network import BadNetwork
from gate.events.event import Event
from gate.integrations.broker import Mosquitto, find_mosquitto, free_port
from gate.integrations.publisher import Publisher
from gate.integrations.settings import MqttSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store

RECEIVER = Path(__file__).parents[2] / "docs" / "mqtt.md"
SETTLE = 5.0  # longer than the broker's autosave_interval, which is 1 s here


def gate(folder: Path, port: int, rate: float) -> None:
    """The process that is killed: makes events and says which are safe."""
    store = Store.open(StoreSettings(ballast=2), folder, receivers=("mqtt",))
    publisher = Publisher(
        MqttSettings(port=port, retry_most=1, settle=SETTLE, keepalive=5), "north", store
    )
    publisher.start()

    def say(done: Any) -> None:
        with contextlib.suppress(Exception):
            print(done.result().id, flush=True)

    end = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        end.set()

    threading.Thread(target=wait, daemon=True).start()
    while not end.wait(1 / rate):
        event = Event.make(
            "north", "passage.granted", datetime.now(UTC), details={"text": "x" * 200}
        )
        store.writer.record(event).add_done_callback(say)
    store.writer.close(60)
    deadline = time.monotonic() + 120
    while store.outbox.waiting("north", "mqtt") and time.monotonic() < deadline:
        time.sleep(0.1)
    publisher.stop()
    store.close()


class Listener:
    """Keeps what the documented receiver lets through, over restarts of the broker."""

    def __init__(self, port: int, folder: Path) -> None:
        self.sequences: list[int] = []
        self.ids: list[str] = []
        self.raw = 0
        source = re.search(r"```python\n(.*?)```", RECEIVER.read_text("utf-8"), re.S)
        assert source is not None
        names: dict[str, Any] = {}
        exec(source[1], names)
        receiver = names["Receiver"](folder / "receiver.db", self._handle)

        def on_message(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
            self.raw += 1
            receiver.on_message(client, userdata, message)

        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="platform", protocol=paho.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda c, *_: c.subscribe("gate/+/event", qos=1)
        self._client.on_message = on_message
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", port, 5, clean_start=False, properties=session)
        self._client.loop_start()

    def _handle(self, event: dict[str, Any], database: Any) -> None:
        self.sequences.append(event["sequence"])
        self.ids.append(event["id"])

    def catch_up(self, folder: Path, patience: float = 120.0) -> None:
        """Wait for the last event: on a busy machine the broker has more for us than we heard."""
        with Store.open(StoreSettings(ballast=0), folder) as store:
            last = store.events.last_sequence("north")
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.sequences[-1:] != [last]:
            time.sleep(0.1)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Report:
    """What happened, and what must hold."""

    made: int = 0
    safe: int = 0
    received: int = 0
    raw: int = 0
    happened: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Child:
    """The gate's process; ``safe`` are the ids it said are on the disk."""

    def __init__(self, folder: Path, port: int, rate: float) -> None:
        self.safe: set[str] = set()
        self._command = [sys.executable, "-m", "benchmarks.soak.chaos", "--gate", str(folder)]
        self._command += ["--port", str(port), "--rate", str(rate)]
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.safe |= {line.strip() for line in process.stdout if line.endswith("\n")}

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._start()

    def end(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(240)
        self._reader.join()
        return code


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Any:
    """A tmpfs of its own, where that is allowed; gives whether it is."""
    folder.mkdir()
    size = f"size={megabytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path, seconds: float) -> None:
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(65536)):
            pass
    time.sleep(seconds)
    filler.unlink()


def run(seconds: float, brokers: int, cuts: int, kills: int, fills: int, rate: float) -> Report:
    """Let everything fail as often as said, spread at random over ``seconds``."""
    program = find_mosquitto()
    if program is None:
        raise SystemExit("chaos needs Mosquitto: apt-get install mosquitto")
    chance = random.Random(7)
    plan = [
        (chance.uniform(0.05, 0.9) * seconds, kind)
        for kind, count in (("broker", brokers), ("cut", cuts), ("kill", kills), ("fill", fills))
        for _ in range(count)
    ]
    report = Report()
    with (
        tempfile.TemporaryDirectory() as name,
        small_disk(Path(name) / "disk", 256) as small,
    ):
        folder = Path(name)
        port = free_port()
        broker = Mosquitto(program, port, folder / "broker")
        network = BadNetwork(port, delay=0.2, twice=0.05)
        listener = Listener(port, folder)
        time.sleep(2.5)  # the broker has saved that somebody listens
        child = Child(folder / "disk", network.port, rate)
        started = time.monotonic()
        for at, kind in sorted(plan):
            time.sleep(max(0.0, started + at - time.monotonic()))
            if kind == "fill" and not small:
                continue
            report.happened[kind] = report.happened.get(kind, 0) + 1
            if kind == "broker":
                broker._process.kill()
                broker._process.wait()
                time.sleep(chance.uniform(0, 0.03) * seconds / max(1, brokers))
                broker = Mosquitto(program, port, folder / "broker")
            elif kind == "cut":
                network.cut()
            elif kind == "kill":
                child.kill()
            else:
                fill(folder / "disk", 2.0)
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        if child.end():
            report.faults.append("the gate did not end well")
        listener.catch_up(folder / "disk")
        listener.stop()
        network.close()
        broker.stop()
        report.happened["sent twice by the network"] = network.duplicates
        compare(report, folder / "disk", child, listener)
    return report


def compare(report: Report, folder: Path, child: Child, listener: Listener) -> None:
    """Made, safe and received must be the same events."""
    with Store.open(StoreSettings(ballast=0), folder) as store:
        count = store.events.count()
        kept = {row.id: row.sequence for row in store.events.search(limit=count)}
        waiting = store.outbox.waiting("north", "mqtt")
    report.made, report.safe = len(kept), len(child.safe)
    report.received, report.raw = len(listener.sequences), listener.raw
    missing = sorted(set(kept.values()) - set(listener.sequences))
    if missing:
        report.faults.append(f"{len(missing)} missing, from {missing[0]} to {missing[-1]}")
    checks = {
        f"{len(child.safe - kept.keys())} events said to be safe are gone": child.safe
        <= kept.keys(),
        "the sequence has gaps": sorted(kept.values()) == list(range(1, len(kept) + 1)),
        f"{waiting} events are still in the outbox": waiting == 0,
        "not every event was received once and in order": listener.sequences
        == sorted(kept.values()),
        "an event was received under another id": dict(
            zip(listener.ids, listener.sequences, strict=True)
        )
        == kept,
    }
    report.faults += [fault for fault, fine in checks.items() if not fine]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--brokers", type=int, default=30)
    parser.add_argument("--cuts", type=int, default=60)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--fills", type=int, default=2)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--gate", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.gate:
        gate(chosen.gate, chosen.port, chosen.rate)
        return
    report = run(
        chosen.minutes * 60, chosen.brokers, chosen.cuts, chosen.kills, chosen.fills, chosen.rate
    )
    print(", ".join(f"{kind} {count}" for kind, count in report.happened.items()))
    print(
        f"events made {report.made}, said to be safe {report.safe}, received {report.received} "
        f"(messages {report.raw})"
    )
    print("\n".join(report.faults) or "every event received once, in order")
    raise SystemExit(bool(report.faults))


if __name__ == "__main__":
    main()
