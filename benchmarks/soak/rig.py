"""A whole gate with simulated devices and what can break it, for ``benchmarks.soak.everything``."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
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

NAME = "north"
RECORDING = Path(__file__).parents[2] / "fixtures" / "recordings" / "stranger-walks-up.mp4"
CARDS = tuple(10_000_000 + n for n in range(20))
UNLOCK = 1.0
CALM = 12.0  # seconds after the last fault from which a resident must pass
JUMPS = (3600, -3600, datetime(1970, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC))


class Rig:
    """The gate, what is wired to it, and what breaks it."""

    def __init__(self, folder: Path, disk: Path, small: bool, program: str, seed: int) -> None:
        self.happened: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.chance = random.Random(seed)
        self.quiet_since = time.monotonic()  # no fault is active since
        self.suffered: list[tuple[str, float, float]] = []  # fault, monotonic seconds of both ends
        self._active = 0
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._folder, self.disk, self._small, self._program = folder, disk, small, program
        self._clock = folder / "clock"
        self._set_clock(0)
        self.board, self.main, self.side = LcusBoard(1, readback="text"), CardReader(), CardReader()
        self.ports = [SimulatedPort(each) for each in (self.board, self.main, self.side)]
        self._open = contextlib.ExitStack()
        for port in self.ports:
            self._open.enter_context(port)
        self.mqtt = MqttSettings(port=free_port(), keepalive=5)
        self._broker = Mosquitto(program, self.mqtt.port, folder / "broker")
        self.listener = Listener(self.mqtt.port, folder)
        self._key = Ed25519PrivateKey.generate()
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
            "clock jumps": self._jump,
        }
        if self._small:
            kinds["disk full"] = lambda: fill(self.disk, 5.0)
        return kinds

    def suffer(self, kind: str) -> None:
        """Let one fault happen, from beginning to end."""
        with self._lock:
            self._active += 1
            self.happened[kind] += 1
        began = time.monotonic()
        try:
            self.faults()[kind]()
        except (OSError, BrokerError) as error:
            self.happened[f"{kind}: not done"] += 1
            print(f"{kind}: {error}", file=self._log)
        finally:
            with self._lock:
                self._active -= 1
                self.quiet_since = time.monotonic()
                self.suffered.append((kind, began, self.quiet_since))

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
            other = first_contact(self.mqtt, f"gate-{NAME}")
            time.sleep(0.5)
            other.disconnect()
            other.loop_stop()

    def _unsigned(self) -> None:
        client = first_contact(self.mqtt, "flood")
        topic = Topics(self.mqtt.prefix, NAME).command
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
        jump = self.chance.choice(JUMPS)
        ahead = jump if isinstance(jump, int) else (jump - datetime.now(UTC)).total_seconds()
        self._set_clock(ahead)
        time.sleep(10)
        self._set_clock(0)
        time.sleep(2)

    def _set_clock(self, ahead: float) -> None:
        new = self._clock.with_suffix(".new")
        new.write_text(str(ahead))
        new.replace(self._clock)  # never read half written

    # -- the gate itself --------------------------------------------------------------------

    def ready(self, patience: float) -> None:
        """Wait until the gate says that it can serve people."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.health}/readyz", timeout=2).is_success:
                    return
            time.sleep(0.2)
        self.wrong.append(f"the gate is not ready after {patience:.0f} s")

    def running(self) -> bool:
        """Whether the daemon runs; one that ended by itself is started again, as by systemd."""
        with self._starting:
            status = self._daemon.poll()
            if status is None:
                return True
            self.wrong.append(f"the daemon ended by itself, status {status}: {self._said()}")
            self._daemon = self._start()
            return False

    def _said(self) -> str:
        return (self._folder / "log").read_text()[-1500:]

    def order(self, name: str) -> str:
        """Give a signed command: "done", the reason of a refusal, or "no answer"."""
        message = sign(self._key, order(name, NAME, int(time.time() * 1000)))
        try:
            answer = ask(self.mqtt, NAME, message, 5.0)
        except BrokerError:
            return "no answer"
        return "done" if answer["result"] == "done" else str(answer["reason"])

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
            self.wrong.append(f"the daemon ended with status {status}: {self._said()}")
        self.listener.stop()
        self._broker.stop()
        self._open.close()
        self._log.close()

    def _start(self) -> subprocess.Popen[bytes]:
        module = [sys.executable, "-m", "benchmarks.soak.jumping", str(self._clock)]
        command = [*module, "run", "-c", str(self._folder / "gate.toml")]
        traced = os.environ | {"GATE_DEBUG": "1"}
        return subprocess.Popen(command, stderr=self._log, env=traced)

    def _configure(self) -> None:
        board, main, side = (port.path for port in self.ports)
        (self._folder / "gate.toml").write_text(
            f'name = "{NAME}"\ndata = "{self.disk}"\n[[camera]]\nsource = "{RECORDING}"\n'
            f'[models]\nfolder = "{self._folder / "models"}"\n'
            f'[relay]\ndriver = "lcus"\nport = "{board}"\n[relay.lcus]\nreadback = "text"\n'
            f"[door]\nunlock = {UNLOCK}\n"
            f'[[reader]]\nname = "door"\ndriver = "rdm6300"\nport = "{main}"\n'
            f'[[reader]]\nname = "side"\ndriver = "rdm6300"\nport = "{side}"\n'
            f"[mqtt]\nport = {self.mqtt.port}\n"
            f'[screen]\nport = {self.screen}\nspeech = "off"\n'
            f"[http]\nenabled = true\nport = {self.health}\n[store]\nballast = 8\n"
            "[advanced]\nmqtt.keepalive = 5\nmqtt.retry_most = 2\n"
        )
        with Store.open(StoreSettings(ballast=8), self.disk) as store:
            for number, card in enumerate(CARDS):
                person = store.people.create(f"p{number}").id
                store.credentials.add(person, "card", of_number(card))
            public = self._key.public_key().public_bytes_raw()
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
