from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import settings as hypothesis_settings

from gate.integrations.broker import Broker, Embedded, Mosquitto, find_mosquitto, free_port
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.waiting import PATIENCE, wait_for

hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")

DOCS = Path(__file__).parent.parent.parent / "docs"


def eventually(check: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Wait until ``check()`` is true."""
    wait_for(check, timeout)


def documented_receiver() -> Any:
    """The twenty lines of docs/mqtt.md, as a class."""
    source = re.search(r"```python\n(.*?)```", (DOCS / "mqtt.md").read_text(), re.S)
    assert source is not None
    names: dict[str, Any] = {}
    exec(source[1], names)
    return names["Receiver"]


class Listener:
    """A client that keeps what it hears; ``once`` goes through the documented receiver."""

    def __init__(self, port: int, folder: Path, protocol: str, topic: str = "gate/#") -> None:
        self.messages: list[paho.MQTTMessage] = []
        self.once: list[dict[str, Any]] = []
        receiver = documented_receiver()(
            folder / "receiver.db", lambda event, db: self.once.append(event)
        )
        version = paho.MQTTv5 if protocol == "5" else paho.MQTTv311
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=f"listener-{folder.name}",
            protocol=version,
            clean_session=None if protocol == "5" else False,
        )
        self.client.reconnect_delay_set(1, 1)
        ready: list[bool] = []

        def connected(client: paho.Client, *_: Any) -> None:
            client.subscribe(topic, qos=1)

        def received(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
            self.messages.append(message)
            if message.topic.endswith("/event"):
                receiver.on_message(client, userdata, message)

        self.client.on_connect = connected
        self.client.on_subscribe = lambda *_: ready.append(True)
        self.client.on_message = received
        if protocol == "5":
            properties = paho.Properties(paho.PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600
            self.client.connect_async("127.0.0.1", port, clean_start=False, properties=properties)
        else:
            self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()
        eventually(lambda: ready)

    def last(self, topic: str) -> bytes | bytearray | None:
        return next((m.payload for m in reversed(self.messages) if m.topic == topic), None)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    running: Broker
    if request.param == "mosquitto":
        program = find_mosquitto()
        if program is None:
            pytest.skip("there is no mosquitto here")
        running = Mosquitto(program, free_port(), tmp_path / "broker")
    else:
        pytest.importorskip("amqtt")
        running = Embedded(free_port())
    yield running
    running.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path / "data", receivers=("mqtt",)) as opened:
        yield opened


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    """Makes listeners: ``listen(port, protocol, topic)``."""
    made: list[Listener] = []

    def make(port: int, protocol: str = "5", topic: str = "gate/#") -> Listener:
        folder = tmp_path / f"listener{len(made)}"
        folder.mkdir()
        made.append(Listener(port, folder, protocol, topic))
        return made[-1]

    yield make
    for hearing in made:
        hearing.stop()


@pytest.fixture
def listener(broker: Broker, listen: Callable[..., Listener]) -> Listener:
    return listen(broker.port, broker.protocol)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., None]:
    return eventually


@pytest.fixture
def mosquitto(tmp_path: Path) -> Callable[[int], Mosquitto]:
    """Starts Mosquitto on a port, with the memory of its last life."""
    program = find_mosquitto()
    if program is None:
        pytest.skip("there is no mosquitto here")
    return lambda port: Mosquitto(program, port, tmp_path / "broker")


@pytest.fixture
def port() -> int:
    return free_port()
