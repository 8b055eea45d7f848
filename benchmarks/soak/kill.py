"""kill -9 at random moments, and what is left: ``python -m benchmarks.soak.kill --times 50``.

A daemon with a recording for a camera, an LCUS relay board on a pseudo-terminal and a broker is
killed at random moments and started again. Afterwards: no opening without its event, no event
lost or published with two ids, no gap in the sequence, and the relay at rest.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gate.clock import ManualClock
from gate.config.settings import build
from gate.daemon.build import build_core, open_doorway
from gate.demo.scenes import enrol_photographs
from gate.integrations import broker
from gate.integrations.settings import MqttSettings
from gate.services.enrolment import Examiner
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.port import SimulatedPort
from gate.store.store import Store

START = "from gate.cli import main; main()"
FIXTURES = Path(__file__).parents[2] / "fixtures"


@dataclass(slots=True)
class Left:
    """What is left after all kills.

    Attributes:
        openings: times the relay was energised.
        granted: granted events in the store.
        gaps: sequence numbers missing in the store.
        lost: events of the store that never arrived at the broker.
        two_ids: sequence numbers that arrived with two ids.
        on_after_kill: seconds from each kill until the relay was at rest, where it was energised.
        on_after_restart: restarts after which the relay was energised without a new grant.
    """

    kills: int = 0
    events: int = 0
    openings: int = 0
    granted: int = 0
    gaps: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    two_ids: list[int] = field(default_factory=list)
    on_after_kill: list[float] = field(default_factory=list)
    on_after_restart: int = 0

    @property
    def well(self) -> bool:
        nothing_lost = not (self.gaps or self.lost or self.two_ids)
        return nothing_lost and self.openings <= self.granted and not self.on_after_restart


class Daemon(Protocol):
    """As much of subprocess.Popen as is needed."""

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...


def started(config: Path) -> Daemon:
    """``gate run`` in an interpreter of its own."""
    command = [sys.executable, "-c", START, "run", "-c", str(config)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def kill(
    times: int,
    folder: Path,
    seed: int = 1,
    longest: float = 9.0,
    start: Callable[[Path], Daemon] = started,
) -> Left:
    """Kill the daemon ``times`` times, each at a random moment within ``longest`` seconds.

    Args:
        start: starts it with a configuration.
    """
    chance = random.Random(seed)
    left = Left()
    arrived: dict[int, set[str]] = defaultdict(set)
    settings, own = broker.start(MqttSettings(broker="mosquitto", port=0), folder / "broker")
    board = LcusBoard(1, readback="text")
    try:
        with SimulatedPort(board) as port:
            receiver = _receive(settings, arrived)
            config = _configure(folder, settings, port.path)
            _enrol(config)
            while left.kills < times:
                daemon = start(config)
                try:
                    daemon.wait(chance.uniform(0.2, longest))
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
                    left.kills += 1
                    _rested(board, left)
                left.on_after_restart += board.board.relays[0]
            _last_run(lambda: start(config), folder / "gate.db")
            _compare(folder / "gate.db", board, arrived, left)
            receiver.loop_stop()
    finally:
        if own is not None:
            own.stop()
    return left


def _last_run(start: Callable[[], Daemon], database: Path) -> None:
    """Once more, until somebody is granted; it is stopped in order, for a recording never ends."""

    def granted() -> int:
        with sqlite3.connect(database) as connection:
            query = "select count(*) from events where type = 'passage.granted'"
            return int(connection.execute(query).fetchone()[0])

    before = granted()
    daemon = start()
    end = time.monotonic() + 120
    while granted() == before and daemon.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    daemon.terminate()
    status = daemon.wait(30)
    if status or granted() == before:
        raise RuntimeError(f"the gate granted nobody after the kills; exit status {status}")


def _rested(board: LcusBoard, left: Left) -> None:
    """How long the relay stays energised after the daemon is gone."""
    began = time.monotonic()
    if not board.board.relays[0]:
        return
    while board.board.relays[0] and time.monotonic() - began < 30:
        time.sleep(0.005)
    left.on_after_kill.append(time.monotonic() - began)


def _receive(settings: MqttSettings, arrived: dict[int, set[str]]) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        protocol=MQTTProtocolVersion.MQTTv5
        if settings.protocol == "5"
        else MQTTProtocolVersion.MQTTv311,
    )
    ready = threading.Event()

    def took(client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        body = json.loads(message.payload)
        arrived[body["sequence"]].add(body["id"])

    client.on_message = took
    client.on_subscribe = lambda *_: ready.set()
    client.connect(settings.host, settings.port)
    client.subscribe("gate/+/event", qos=1)
    client.loop_start()
    ready.wait(10)
    return client


def _configure(folder: Path, mqtt: MqttSettings, port: str) -> Path:
    config = folder / "gate.toml"
    recording = FIXTURES / "recordings" / "resident-exposure-hunts.mp4"
    config.write_text(
        f'name = "killed"\ndata = "{folder}"\n'
        f'[[camera]]\nsource = "{recording}"\n'
        f'[models]\nfolder = "{folder / "models"}"\n'
        # the recording moves the relay without a network installed
        f'[liveness]\nmode = "warn"\n'
        f'[relay]\ndriver = "lcus"\nport = "{port}"\n[relay.lcus]\nreadback = "text"\n'
        f'[mqtt]\nport = {mqtt.port}\n[advanced]\nmqtt.protocol = "{mqtt.protocol}"\n'
        f"[screen]\nenabled = false\n"
    )
    return config


def _enrol(config: Path) -> None:
    import tomllib

    values = tomllib.loads(config.read_text())
    settings = build({**values, "relay": {}})
    clock = ManualClock()
    with Store.open(settings.store, settings.data) as store:
        core = build_core(settings, store, clock, open_doorway(settings, clock))
        examiner = Examiner(core.detector, [core.encoder])
        enrol_photographs(store, examiner, FIXTURES / "enrolled")


def _compare(database: Path, board: LcusBoard, arrived: dict[int, set[str]], left: Left) -> None:
    with sqlite3.connect(database) as connection:
        rows = connection.execute("select sequence, id, type from events order by 1").fetchall()
    end = time.monotonic() + 30
    while time.monotonic() < end and any(sequence not in arrived for sequence, _, _ in rows):
        time.sleep(0.1)
    left.events = len(rows)
    left.openings = sum(on for _, _, on in board.board.history)
    left.granted = sum(type == "passage.granted" for _, _, type in rows)
    present = {sequence for sequence, _, _ in rows}
    left.gaps = sorted(set(range(1, max(present, default=0) + 1)) - present)
    left.lost = [sequence for sequence, id, _ in rows if id not in arrived.get(sequence, ())]
    left.two_ids = [sequence for sequence, ids in arrived.items() if len(ids) > 1]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-kill-") as folder:
        left = kill(chosen.times, Path(folder), chosen.seed)
    longest = max(left.on_after_kill, default=0.0)
    print(f"kills {left.kills}, events {left.events}, openings {left.openings}")
    print(f"granted events {left.granted} (one for each opening, at least)")
    print(f"gaps {left.gaps}, lost {left.lost}, two ids {left.two_ids}")
    print(
        f"killed while the relay was energised: {len(left.on_after_kill)}; "
        f"longest until it rested: {longest:.3f} s"
    )
    print(f"energised after a restart: {left.on_after_restart}")
    return 0 if left.well else 1


if __name__ == "__main__":
    sys.exit(main())
