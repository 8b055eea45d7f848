"""The program's command is carried out by a real gate's receiver, and a refusal is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt import subscribe

from gate.clock import SystemClock
from gate.integrations.broker import Mosquitto
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.publisher import Publisher
from gate.integrations.settings import CommandSettings, MqttSettings
from gate.integrations.signed_command import Command, key_id
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.examples.conftest import Start
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture
def carried_out() -> list[str]:
    return []


@pytest.fixture
def key(broker: Mosquitto, tmp_path: Path, carried_out: list[str]) -> Iterator[Path]:
    """The key file of a sender that the gate "north" lets open; the gate runs meanwhile."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    file = tmp_path / "platform.pem"
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def carry_out(command: Command) -> str:
        carried_out.append(command.name)
        return ""

    with Store.open(StoreSettings(ballast=0), tmp_path / "data", receivers=("mqtt",)) as store:
        store.command_keys.add(key_id(public), "platform", public, ["open"])
        commands = CommandReceiver(CommandSettings(), "north", store, SystemClock(), carry_out)
        settings = MqttSettings.model_validate({"port": broker.port})
        publisher = Publisher(settings, "north", store, on_message=commands.received)
        publisher.start()
        commands.start(publisher.link)
        # it says so after it has asked for its commands, which are kept for nobody else
        online = subscribe.simple("gate/north/status", hostname="127.0.0.1", port=broker.port)
        assert online.payload == b"online"
        yield file
        publisher.stop()
        commands.stop()


def at(broker: Mosquitto, key: Path) -> tuple[object, ...]:
    return "--key", key, "--port", broker.port, "--timeout", PATIENCE


def test_a_command_is_carried_out(
    broker: Mosquitto, start: Start, key: Path, carried_out: list[str]
) -> None:
    sender = start("send_command.py", "open", "--gate", "north", *at(broker, key))
    said, _ = sender.communicate(timeout=2 * PATIENCE)
    assert json.loads(said)["result"] == "done"
    assert sender.returncode == 0
    assert carried_out == ["open"]


def test_a_refusal_is_reported(
    broker: Mosquitto, start: Start, key: Path, carried_out: list[str]
) -> None:
    sender = start("send_command.py", "lockdown", "--gate", "north", *at(broker, key))
    said, _ = sender.communicate(timeout=2 * PATIENCE)
    assert json.loads(said)["reason"] == "not_entitled"
    assert sender.returncode == 1
    assert carried_out == []


def test_nobody_answers(broker: Mosquitto, start: Start, key: Path) -> None:
    sender = start(
        "send_command.py",
        *("open", "--gate", "south", "--key", key, "--port", broker.port, "--timeout", 0.3),
    )
    said, _ = sender.communicate(timeout=2 * PATIENCE)
    assert said == "null\n"
    assert sender.returncode == 2
