"""A gate with everything it can be connected to, for ``benchmarks.soak.integrations``."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from benchmarks.postgresql import Server
from benchmarks.soak.chaos import Listener
from gate.hub.boxes import Boxes
from gate.integrations.broker import Mosquitto, free_port
from gate.integrations.command_client import ask
from gate.integrations.settings import MqttSettings
from gate.integrations.signed_command import key_id, order, sign
from gate.readers.card_number import of_number
from gate.simulators.card import CardReader, CodeScanner
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.osdp_controller import OsdpController
from gate.simulators.osdp_reader import OsdpReader
from gate.simulators.port import Device, SimulatedPort
from gate.simulators.temperature import ImageSensor
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.notify.telephone import Telephone
from tests.simulators.status_service import StatusService

NAME = "north"
RECORDING = Path(__file__).parents[2] / "fixtures" / "recordings" / "stranger-walks-up.mp4"
KEY = bytes(range(16))  # of both OSDP lines
CARDS = tuple(10_000_000 + n for n in range(20))
OSDP_CARDS = tuple(1_000 + n for n in range(20))
CONTACT = 0  # the board's input
START = "from gate.cli import main; main()"
READY = 60.0  # seconds within which the gate is ready again
PATIENCE = 5.0  # seconds an answer is waited for

GATE = """
name = "north"
data = "{folder}/gate"
camera = [{{name = "main", source = "{recording}"}}, {{name = "side", source = "{recording}"}}]
models.folder = "{folder}/models"
store = {{url = "{register}", ballast = 0}}
relay = {{driver = "modbus", port = "{board}", baud = 115200, inputs.contact.number = {contact}}}
door = {{unlock = 1.0, contact = true}}
reader = [
  {{name = "rdm", driver = "rdm6300", port = "{rdm}"}},
  {{name = "osdp", driver = "osdp", port = "{osdp}", baud = 115200, key = "{key}"}},
  {{name = "scanner", driver = "scanner", port = "{scanner}"}},
]
access.antipassback = "soft"
learning.enabled = true
mqtt = {{port = {mqtt}}}
homeassistant = {{enabled = true, buttons = ["lockdown"]}}
webhook = {{enabled = true, url = "http://127.0.0.1:{webhook}/", secret = "0123456789abcdef"}}
screen = {{port = 0, speech = "off"}}
http = {{enabled = true, port = {health}}}
advanced = {{"mqtt.keepalive" = 5, "mqtt.retry_most" = 2}}
[temperature]
policy = "advise"
driver = "mcu90640"
port = "{thermal}"
baud = 115200
view = [0.0, 0.0, 1.0, 1.0]
[status]
enabled = true
url = "{status}"
items = [{{name = "code", zh = "健康码", en = "Code"}}]
[reader_out]
enabled = true
port = "{controller}"
baud = 115200
key = "{key}"
decides = "gate"
format = "wiegand-34"
number = "id"
[[export]]
name = "files"
mapping = "json-lines"
url = "file://{folder}/out"
every = 60
kinds = ["passage"]
[notify]
enabled = true
to = [{{name = "staff", url = "{telephone}", severity = "info"}}]
"""
HUB = """
name = "hub"
data = "{folder}/hub"
store = {{url = "{hub_register}", ballast = 0}}
hub = {{host = "127.0.0.1", port = {hub}, hosts = ["127.0.0.1"]}}
mqtt.enabled = false
"""


class Webhook(ThreadingHTTPServer):
    """Keeps the sequences of the events it gets; ``away``: refuses, ``hangs``: never answers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[int] = []
        self.away = self.hangs = False
        super().__init__(("127.0.0.1", 0), _Hook)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Hook(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hangs:
            time.sleep(60)
        if not self.server.away:
            self.server.got += [event["sequence"] for event in json.loads(body)["events"]]
        self.send_response(503 if self.server.away else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Site:
    """The gate, its hub, and all that is wired to it or answers it."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self._program = folder, program
        self._open = contextlib.ExitStack()
        self.log = self._open.enter_context((folder / "log").open("w"))
        self.postgresql = Server("-c", "fsync=off").start()
        self._open.callback(self.postgresql.close)
        self.register, self.hub_register = (self._settings() for _ in range(2))
        self.mqtt = MqttSettings(port=free_port(), keepalive=5)
        self.broker = Mosquitto(program, self.mqtt.port, folder / "broker")
        self.listener = Listener(self.mqtt.port, folder)
        self.webhook, self.telephone = Webhook(), Telephone()
        threading.Thread(target=self.telephone.serve_forever, daemon=True).start()
        self.status = StatusService()
        self.osdp, self.rdm, self.board = OsdpReader(KEY), CardReader(), ModbusBoard()
        self.controller = OsdpController(KEY)
        devices: dict[str, Device] = {
            "board": self.board,
            "rdm": self.rdm,
            "osdp": self.osdp,
            "scanner": CodeScanner(),
            "thermal": ImageSensor(),
            "controller": self.controller,
        }
        self.ports = {name: SimulatedPort(device) for name, device in devices.items()}
        for port in self.ports.values():
            self._open.enter_context(port)
        self.health, self.hub_port = free_port(), free_port()
        self._key = Ed25519PrivateKey.generate()
        self.files = folder / "out"
        self._configure()
        self._fill()
        self.hub = self._start("hub", "run", "-c", str(folder / "hub.toml"))
        self._join()
        self.daemon = self._start("run", "-c", str(folder / "gate.toml"))

    def _settings(self) -> StoreSettings:
        return StoreSettings(url=SecretStr(self.postgresql.database()), ballast=0)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", START, *command], stdout=self.log, stderr=self.log
        )

    def store(self) -> Store:
        return Store.open(self.register, self.folder / "gate")

    def hub_store(self) -> Store:
        return Store.open(self.hub_register, self.folder / "hub")

    def _configure(self) -> None:
        values: dict[str, object] = {name: port.path for name, port in self.ports.items()}
        values |= {
            "folder": self.folder,
            "recording": RECORDING,
            "register": self.register.url.get_secret_value(),
            "hub_register": self.hub_register.url.get_secret_value(),
            "contact": CONTACT,
            "key": KEY.hex(),
            "mqtt": self.mqtt.port,
            "webhook": self.webhook.server_port,
            "health": self.health,
            "status": self.status.url,
            "telephone": self.telephone.url,
            "hub": self.hub_port,
        }
        for name in ("gate", "hub", "out"):
            (self.folder / name).mkdir()
        (self.folder / "gate.toml").write_text(GATE.format(**values), "utf-8")
        (self.folder / "hub.toml").write_text(HUB.format(**values), "utf-8")

    def _fill(self) -> None:
        with self.store() as store:
            for number, (card, other) in enumerate(zip(CARDS, OSDP_CARDS, strict=True)):
                person = store.people.create(f"p{number}").id
                store.credentials.add(person, "card", of_number(card))
                store.credentials.add(person, "card", of_number(other))
            public = self._key.public_key().public_bytes_raw()
            store.command_keys.add(key_id(public), "operator", public, ["lockdown", "normal"])

    def _join(self) -> None:
        within(READY, lambda: socket.create_connection(("127.0.0.1", self.hub_port), 1).close())
        with self.hub_store() as store:
            code = Boxes(store).new_code(NAME, "benchmark")
        hub = f"https://127.0.0.1:{self.hub_port}"
        joined = self._start("join", hub, code, "-c", str(self.folder / "gate.toml"))
        if joined.wait(READY):
            raise SystemExit(f"the gate did not join: {(self.folder / 'log').read_text()[-2000:]}")

    def ready(self) -> bool:
        """Whether the gate says so and all its links stand."""
        return httpx.get(f"http://127.0.0.1:{self.health}/readyz", timeout=2).is_success

    def kill_hub(self) -> None:
        self.hub.kill()
        self.hub.wait()

    def start_hub(self) -> None:
        self.hub = self._start("hub", "run", "-c", str(self.folder / "hub.toml"))

    def kill_broker(self) -> None:
        self.broker._process.kill()
        self.broker._process.wait()

    def start_broker(self) -> None:
        self.broker = Mosquitto(self._program, self.mqtt.port, self.folder / "broker")

    def order(self, name: str) -> str:
        message = sign(self._key, order(name, NAME, int(time.time() * 1000)))
        return str(ask(self.mqtt, NAME, message, PATIENCE)["result"])

    def close(self) -> None:
        for process in (self.daemon, self.hub):
            if process.poll() is None:
                process.kill()
                process.wait()
        self.listener.stop()
        self.broker.stop()
        self.telephone.shutdown()
        self.webhook.shutdown()
        self.status.close()
        self._open.close()
        self.osdp.close()
        self.controller.close()


def within(seconds: float, test: Callable[[], object]) -> float | None:
    """After how many seconds ``test`` was true, or did not fail where it gives nothing."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        with contextlib.suppress(Exception):
            if test() is not False:
                return time.monotonic() - began
        time.sleep(0.1)
    return None
