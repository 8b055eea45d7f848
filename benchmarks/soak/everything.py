"""Everything at once: ``python -m benchmarks.soak.everything [--minutes 20] [--seed 1]``.

A whole ``gate run`` with a camera, two card readers, a relay board, screen, health and Mosquitto.
At random, and over one another: unknown cards flood a reader, half-sent requests fill the screen,
somebody takes the gate's place at the broker, unsigned messages flood it, the clock jumps by an
hour, to 1970 and to 2037, the disk is full, the cable of the board is pulled, the guard, the
daemon and the broker are killed, the daemon is frozen. All the while residents show cards and an
operator locks the gate down and opens it again.

Checked throughout: the lock is released only for a grant that is on record, never in a lock-down
and never too long; every lock-down is answered; a resident who comes when nothing is broken
passes; every event arrives at the documented receiver once, in order; memory and descriptors at
the end are those of the beginning. Wants Mosquitto; without libfaketime the clock does not jump,
without the right to mount a tmpfs the disk is not filled.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.soak.chaos import Listener, fill, small_disk
from gate.errors import BrokerError
from gate.integrations.broker import Mosquitto, find_mosquitto, free_port
from gate.integrations.command_client import ask
from gate.integrations.connection import first_contact
from gate.integrations.settings import MqttSettings
from gate.integrations.signed_command import key_id, order, sign
from gate.integrations.topics import Topics
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.port import SimulatedPort
from gate.store.settings import StoreSettings
from gate.store.store import Store

RECORDING = Path(__file__).parents[2] / "fixtures" / "recordings" / "stranger-walks-up.mp4"
FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)
CARDS = tuple(10_000_000 + n for n in range(20))
UNLOCK = 1.0
LONGEST = UNLOCK + 3.0  # a frozen daemon ends a pulse by its guard; a board may be out of reach
CALM = 12.0  # seconds after the last fault from which a resident must pass
PATIENCE = 5.0  # seconds a resident waits
JUMPS = ("+3600", "-3600", "@1970-01-01 00:00:10", "@2037-01-01 00:00:00")


@dataclass(slots=True)
class Report:
    """What happened, and what must hold."""

    happened: Counter[str] = field(default_factory=Counter)
    cards: Counter[str] = field(default_factory=Counter)
    lockdowns: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    events: int = 0
    memory: tuple[int, int] = (0, 0)  # bytes, of the last daemon: settled, and at the end
    descriptors: tuple[int, int] = (0, 0)


class Rig:
    """The gate, what is wired to it, and what breaks it."""

    def __init__(self, folder: Path, disk: Path, small: bool, program: str, seed: int) -> None:
        self.report = Report()
        self.chance = random.Random(seed)
        self.quiet_since = time.monotonic()  # no fault is active since
        self.locked: list[tuple[float, float]] = []  # monotonic: lock-downs in force, both ends
        self.ending = False
        self._active = 0
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._folder, self.disk, self._small, self._program = folder, disk, small, program
        self._faketime = next((path for path in FAKETIME if Path(path).exists()), None)
        self._clock = folder / "clock"
        self._clock.write_text("+0")
        self.board, self.main, self.side = LcusBoard(1, readback="text"), CardReader(), CardReader()
        self.ports = [SimulatedPort(each) for each in (self.board, self.main, self.side)]
        self._open = contextlib.ExitStack()
        for port in self.ports:
            self._open.enter_context(port)
        self.mqtt = MqttSettings(port=free_port(), keepalive=5)
        self._broker = Mosquitto(program, self.mqtt.port, folder / "broker")
        self.listener = Listener(self.mqtt.port, folder)
        self.key = Ed25519PrivateKey.generate()
        self.screen, self.health = free_port(), free_port()
        self._configure()
        self._log = (folder / "log").open("w")
        self._daemon = self._start()

    # -- what is broken ---------------------------------------------------------------------

    def faults(self) -> dict[str, Callable[[], None]]:
        """Each fault by name; it returns when it is over."""
        kinds: dict[str, Callable[[], None]] = {
            "flooded reader": self._flood_reader,
            "half-open requests": self._half_open,
            "broker takeover": self._take_over,
            "unsigned flood": self._unsigned,
            "broker killed": self._kill_broker,
            "cable pulled": self._pull,
            "guard killed": self._kill_guard,
            "daemon killed": self._kill_daemon,
            "daemon frozen": self._freeze,
        }
        if self._faketime:
            kinds["clock jumps"] = self._jump
        if self._small:
            kinds["disk full"] = lambda: fill(self.disk, 5.0)
        return kinds

    def suffer(self, kind: str) -> None:
        """Let one fault happen, from beginning to end."""
        with self._lock:
            self._active += 1
            self.report.happened[kind] += 1
        try:
            self.faults()[kind]()
        except (OSError, BrokerError) as error:
            self.report.happened[f"{kind}: not done"] += 1
            print(f"{kind}: {error}", file=self._log)
        finally:
            with self._lock:
                self._active -= 1
                self.quiet_since = time.monotonic()

    @property
    def calm(self) -> bool:
        with self._lock:
            return not self._active and time.monotonic() - self.quiet_since > CALM

    @property
    def untouched(self) -> bool:
        """No fault is active at this moment."""
        with self._lock:
            return not self._active and time.monotonic() - self.quiet_since > 1

    def _flood_reader(self) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            self.side.show(self.chance.randrange(1, 9_000_000), 0.1)
            time.sleep(0.03)

    def _half_open(self) -> None:
        open_: list[socket.socket] = []
        try:
            for port in (self.screen, self.health) * 150:
                one = socket.create_connection(("127.0.0.1", port), 1)
                open_.append(one)
                one.sendall(b"GET / HTTP/1.1\r\nX-Half: ")
            time.sleep(8)
        finally:
            for one in open_:
                one.close()

    def _take_over(self) -> None:
        for _ in range(6):
            other = first_contact(self.mqtt, "gate-soak")
            time.sleep(0.5)
            other.disconnect()
            other.loop_stop()

    def _unsigned(self) -> None:
        client = first_contact(self.mqtt, "flood")
        topic = Topics(self.mqtt.prefix, "soak").command
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for _ in range(100):
                client.publish(topic, b'{"command": "open"}')
            time.sleep(0.05)
        client.disconnect()
        client.loop_stop()

    def _kill_broker(self) -> None:
        self._broker._process.kill()
        self._broker._process.wait()
        time.sleep(self.chance.uniform(0, 5))
        self._broker = Mosquitto(self._program, self.mqtt.port, self._folder / "broker")

    def _pull(self) -> None:
        self.ports[0].unplug()
        time.sleep(3)
        self.ports[0].plug()

    def _kill_guard(self) -> None:
        own = Path(f"/proc/{self._daemon.pid}/task/{self._daemon.pid}/children")
        for child in own.read_text().split():
            if b"guard_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
        time.sleep(2)

    def _kill_daemon(self) -> None:
        with self._starting:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = self._start()
        self.ready(120)

    def _freeze(self) -> None:
        self._daemon.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(1, 5))
        self._daemon.send_signal(signal.SIGCONT)

    def _jump(self) -> None:
        self._clock.write_text(self.chance.choice(JUMPS))
        time.sleep(10)
        self._clock.write_text("+0")
        time.sleep(2)

    # -- who comes to the gate --------------------------------------------------------------

    def residents(self) -> None:
        """One after the other shows a card; what became of it is counted."""
        number = 0
        while not self.ending:
            number += 1
            before, locked, calm = len(self.board.board.history), bool(self._in_force()), self.calm
            began = time.monotonic()
            self.main.show(CARDS[number % len(CARDS)], 0.5)
            opened = False
            while time.monotonic() - began < PATIENCE and not opened:
                opened = any(on for _, _, on in self.board.board.history[before:])
                time.sleep(0.01)
            locked = locked or bool(self._in_force())
            if opened:
                self.report.cards["let in"] += 1
            elif locked or not (calm and self.calm):
                self.report.cards[
                    "kept out in a lock-down" if locked else "kept out by a fault"
                ] += 1
            else:
                self.report.cards["kept out without a cause"] += 1
                self.report.faults.append(f"a resident was kept out without a cause at {began:.0f}")
            time.sleep(max(0.0, began + UNLOCK + 2.5 - time.monotonic()))

    def operator(self) -> None:
        """Locks the gate down for some seconds, again and again."""
        while not self.ending:
            time.sleep(self.chance.uniform(5, 20))
            quiet = self.untouched
            answer = self._order("lockdown")
            self.report.lockdowns[answer] += 1
            if answer != "done":
                if quiet and self.untouched:
                    self.report.faults.append(f"lock-down without any fault: {answer}")
                continue
            since = time.monotonic()
            self.locked.append((since, float("inf")))
            time.sleep(self.chance.uniform(4, 8))
            self.locked[-1] = (since, time.monotonic())
            while self._order("normal") != "done" and not self.ending:
                # still locked: what happens until it is taken back counts too
                self.locked[-1] = (since, time.monotonic())
                time.sleep(2)

    def _in_force(self) -> bool:
        return bool(self.locked) and self.locked[-1][1] == float("inf")

    def _order(self, name: str) -> str:
        message = sign(self.key, order(name, "soak", int(time.time() * 1000)))
        try:
            answer = ask(self.mqtt, "soak", message, 5.0)
        except BrokerError:
            return "no answer"
        return "done" if answer["result"] == "done" else str(answer["reason"])

    # -- the gate itself --------------------------------------------------------------------

    def ready(self, patience: float) -> None:
        """Wait until the gate says that it can serve people."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.health}/readyz", timeout=2).is_success:
                    return
            time.sleep(0.2)
        self.report.faults.append(f"the gate is not ready after {patience:.0f} s")

    def supervise(self) -> None:
        """Start the daemon again when it ended by itself, as systemd does; that is a fault."""
        while not self.ending:
            with self._starting:
                status = self._daemon.poll()
                if status is not None:
                    said = (self._folder / "log").read_text()[-1500:]
                    self.report.faults.append(f"the daemon ended, status {status}: {said}")
                    self._daemon = self._start()
            time.sleep(1)

    def measure(self) -> tuple[int, int]:
        """Resident bytes and open descriptors of the daemon."""
        process = Path(f"/proc/{self._daemon.pid}")
        pages = int((process / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(list((process / "fd").iterdir()))

    def end(self) -> None:
        """Ask the daemon to end and look at what is left."""
        self._daemon.terminate()
        try:
            status = self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            status = -1
        if status:
            self.report.faults.append(f"the daemon ended with status {status}")
        self.listener.stop()
        self._broker.stop()
        self._open.close()
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if self._faketime:
            environment |= {
                "LD_PRELOAD": self._faketime,
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        start = "from gate.cli import main; main()"
        command = [sys.executable, "-c", start, "run", "-c", str(self._folder / "gate.toml")]
        return subprocess.Popen(command, stderr=self._log, env=environment)

    def _configure(self) -> None:
        board, main, side = (port.path for port in self.ports)
        (self._folder / "gate.toml").write_text(
            f'name = "soak"\ndata = "{self.disk}"\n[[camera]]\nsource = "{RECORDING}"\n'
            f'[models]\nfolder = "{self._folder / "models"}"\n'
            f'[relay]\ndriver = "lcus"\nport = "{board}"\n[relay.lcus]\nreadback = "text"\n'
            f"[door]\nunlock = {UNLOCK}\n"
            f'[[reader]]\nname = "door"\ndriver = "rdm6300"\nport = "{main}"\nretry_most = 2\n'
            f'[[reader]]\nname = "side"\ndriver = "rdm6300"\nport = "{side}"\nretry_most = 2\n'
            f"[mqtt]\nport = {self.mqtt.port}\nkeepalive = 5\nretry_most = 2\n"
            f'[screen]\nport = {self.screen}\nspeech = "off"\n'
            f"[http]\nenabled = true\nport = {self.health}\n[store]\nballast = 8\n"
        )
        with Store.open(StoreSettings(ballast=8), self.disk) as store:
            for number, card in enumerate(CARDS):
                person = store.people.create(f"p{number}").id
                store.credentials.add(person, "card", of_number(card))
            public = self.key.public_key().public_bytes_raw()
            store.command_keys.add(key_id(public), "operator", public, ["lockdown", "normal"])


@contextlib.contextmanager
def rig(seed: int) -> Iterator[Rig]:
    """The gate in a folder of its own, ready."""
    program = find_mosquitto()
    if program is None:
        raise SystemExit("the soak needs Mosquitto: apt-get install mosquitto")
    with (
        tempfile.TemporaryDirectory(prefix="gate-soak-") as name,
        small_disk(Path(name) / "disk", 256) as small,
    ):
        one = Rig(Path(name), Path(name) / "disk", small, program, seed)
        one.ready(120)
        yield one


def run(seconds: float, seed: int) -> Report:
    """Let everything break at random for ``seconds``, then look whether all of it holds."""
    with rig(seed) as gate:
        people = [
            threading.Thread(target=each)
            for each in (gate.residents, gate.operator, gate.supervise)
        ]
        for each in people:
            each.start()
        end, last_kill = time.monotonic() + seconds, time.monotonic() + seconds * 0.6
        settled: tuple[int, int] | None = None
        running: list[threading.Thread] = []
        while time.monotonic() < end:
            kinds = sorted(gate.faults())
            if time.monotonic() > last_kill:
                kinds.remove("daemon killed")  # the last one lives on, to be measured
                if settled is None and not any(one.is_alive() for one in running):
                    gate.ready(60)
                    settled = gate.measure()
            one = threading.Thread(target=gate.suffer, args=(gate.chance.choice(kinds),))
            one.start()
            running.append(one)
            # now and then a pause, so that somebody comes while nothing is broken
            time.sleep(gate.chance.choice((1, 2, 4, 8, 8, 30)))
        for one in running:
            one.join()
        time.sleep(CALM + 15)  # residents and operator once more, in peace
        gate.ending = True
        for each in people:
            each.join()
        gate._order("normal")
        gate.report.memory, gate.report.descriptors = zip(
            settled or gate.measure(), gate.measure(), strict=True
        )
        disk = gate.disk
        gate.listener.catch_up(disk)
        gate.end()
        check(gate, disk)
    return gate.report


def check(gate: Rig, disk: Path) -> None:
    """The door, the events and the process, after the fact."""
    report, history = gate.report, gate.board.board.history
    with contextlib.closing(sqlite3.connect(disk / "gate.db")) as database:
        rows = database.execute("select sequence, id, type from events order by 1").fetchall()
    report.events = len(rows)
    openings = [at for at, _, on in history if on]
    granted = sum(kind == "passage.granted" for _, _, kind in rows)
    if len(openings) > granted:
        report.faults.append(f"{len(openings)} openings, {granted} granted events")
    for begin, end in gate.locked:
        wrong = [at for at in openings if begin < at < end]
        report.faults += [
            f"the lock was released in a lock-down, {at - begin:.1f} s" for at in wrong
        ]
    for (begin, _, on), (end, _, _) in itertools.pairwise(history):
        if on and end - begin > LONGEST:
            report.faults.append(f"released for {end - begin:.1f} s")
    if gate.board.board.relays[0]:
        report.faults.append("the lock is still released")
    if [sequence for sequence, _, _ in rows] != list(range(1, len(rows) + 1)):
        report.faults.append("the sequence of events has gaps")
    if gate.listener.sequences != [sequence for sequence, _, _ in rows]:
        report.faults.append("not every event was received once and in order")
    if report.descriptors[1] > report.descriptors[0] + 8:
        report.faults.append("descriptors grew: {} to {}".format(*report.descriptors))
    if report.memory[1] > report.memory[0] * 1.2 + 30e6:
        report.faults.append("memory grew: {} to {} bytes".format(*report.memory))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=20.0)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    report = run(chosen.minutes * 60, chosen.seed)
    for name in ("happened", "cards", "lockdowns"):
        counts: Counter[str] = getattr(report, name)
        print(f"{name}: " + ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())))
    print(f"events {report.events}, each received once, in order unless said below")
    print("memory {:.0f} to {:.0f} MB".format(*(each / 1e6 for each in report.memory)))
    print("descriptors {} to {}".format(*report.descriptors))
    print("\n".join(report.faults) or "everything held")
    return bool(report.faults)


if __name__ == "__main__":
    sys.exit(main())
