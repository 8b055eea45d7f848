"""A broker of our own, for trials: Mosquitto if it is there, else an embedded one."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from gate.errors import BrokerError
from gate.integrations.settings import MqttSettings

log = logging.getLogger(__name__)

# the first and the last port that the system gives by itself
_GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class Broker(Protocol):
    """A running broker on the loopback address."""

    port: int
    protocol: str  # "5" or "3.1.1"

    def stop(self) -> None: ...


def start(settings: MqttSettings, folder: Path) -> tuple[MqttSettings, Broker | None]:
    """Start the broker the settings ask for; returns settings that lead to it.

    ``external`` starts nothing. ``mosquitto`` falls back to the embedded broker where there is no
    Mosquitto, and says so. Raises BrokerError.
    """
    if settings.broker == "external":
        return settings, None
    port = settings.port or free_port()
    broker: Broker
    if settings.broker == "mosquitto" and (program := find_mosquitto()):
        broker = Mosquitto(program, port, folder)
    else:
        if settings.broker == "mosquitto":
            log.warning("broker.embedded", extra={"cause": "there is no mosquitto on this machine"})
        broker = Embedded(port)
    found = {"host": "127.0.0.1", "port": broker.port, "ca": None, "certificate": None, "key": None}
    if broker.protocol != "5":
        found["protocol"] = broker.protocol
    return settings.model_copy(update=found), broker


def find_mosquitto() -> str | None:
    """Debian keeps it in /usr/sbin, which is not on every user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=":".join(_PLACES))


class Mosquitto:
    """A child process, on the loopback address only, that keeps its memory in ``folder``."""

    protocol = "5"

    def __init__(self, program: str, port: int, folder: Path) -> None:
        self.port = port
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder.resolve()}/\nautosave_interval 1\n"
            f"log_dest file {folder.resolve()}/mosquitto.log\nuser root\n"
            "max_queued_messages 200000\n"
        )
        if _answers(port, 0.0):
            raise BrokerError(
                "another program uses the broker's port",
                where=f"127.0.0.1:{port}",
                hint='choose another [mqtt] port, or broker = "external" if that is your broker',
            )
        self._process = subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if not _answers(port, 5.0) or self._process.poll() is not None:
            self.stop()
            raise BrokerError(
                "mosquitto does not start",
                where=f"{program}, port {port}",
                hint=f"see {folder}/mosquitto.log; is the port in use?",
            )

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Embedded:
    """amqtt in a thread of its own. MQTT 3.1.1, loopback only, forgets everything when stopped."""

    protocol = "3.1.1"

    def __init__(self, port: int) -> None:
        try:
            from amqtt.broker import Broker as Amqtt  # type: ignore[import-untyped]
        except ImportError as error:
            raise BrokerError(
                "the embedded broker is not installed",
                where="[mqtt] broker",
                hint="install Mosquitto, or `pip install access-gate[broker]`",
            ) from error
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._thread.start()

        async def run() -> Any:
            broker = Amqtt(
                {
                    "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
                    "plugins": {
                        "amqtt.plugins.authentication.AnonymousAuthPlugin": {
                            "allow_anonymous": True
                        }
                    },
                }
            )
            await broker.start()
            return broker

        try:
            self._broker = asyncio.run_coroutine_threadsafe(run(), self._loop).result(10.0)
        except Exception as error:  # whatever the library raises, the port is the likely cause
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise BrokerError(
                f"the embedded broker does not start: {error}",
                where=f"127.0.0.1:{port}",
                hint="choose another [mqtt] port; is this one in use?",
            ) from error

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(10.0)
        except Exception as error:  # it is going anyway
            log.debug("broker.stop", extra={"cause": repr(error)})
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)


def free_port() -> int:
    """A TCP port at which nobody listens, for a program that is started with its number.

    It is none of those that the system gives to whoever asks for any, and to each connection:
    before the program listens, another would be given it.
    """
    end = 32_768
    with suppress(OSError, ValueError, IndexError):
        end = int(_GIVEN.read_text().split()[0])
    for port in random.SystemRandom().sample(range(10_000, max(end, 20_000)), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, timeout: float) -> bool:
    end = time.monotonic() + timeout
    while True:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
