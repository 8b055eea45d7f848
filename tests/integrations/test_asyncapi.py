"""Every message that is really sent is described in docs/asyncapi.json, and is as described."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

from gate.clock import SystemClock
from gate.events.event import Event
from gate.events.schema import event_schema
from gate.integrations.broker import Broker
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.homeassistant import discovery, door_state, topic
from gate.integrations.publisher import Publisher
from gate.integrations.settings import CommandSettings, HomeAssistantSettings, MqttSettings
from gate.integrations.signed_command import key_id, order, sign
from gate.store.store import Store
from tests.waiting import PATIENCE

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "asyncapi.json").read_text())


def channel_of(topic: str) -> str:
    for name, channel in DOCUMENT["channels"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(channel["address"]))
        if re.fullmatch(pattern, topic):
            return str(name)
    raise AssertionError(f"{topic} is not described")


def schema_of(channel: str) -> dict[str, Any]:
    message = next(iter(DOCUMENT["channels"][channel]["messages"]))
    schema: dict[str, Any] = DOCUMENT["components"]["messages"][message]["payload"]
    if "$ref" in schema:
        assert schema["$ref"].endswith("gate/events/event-1.schema.json")
        return event_schema()
    return schema


def retained(channel: str) -> bool:
    for operation in DOCUMENT["operations"].values():
        if operation["channel"]["$ref"] == f"#/channels/{channel}":
            return bool(operation["bindings"]["mqtt"]["retain"])
    raise AssertionError(f"nothing is done with {channel}")


def test_every_reference_in_the_document_leads_somewhere() -> None:
    references = re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT))
    assert references
    for reference in references:
        place: Any = DOCUMENT
        for part in reference.split("/"):
            place = place[part]


@pytest.mark.slow
def test_real_messages_are_as_described(
    broker: Broker, listen: Callable[..., Any], store: Store, eventually: Callable[..., None]
) -> None:
    everything = listen(broker.port, broker.protocol, "#")
    settings = MqttSettings.model_validate({"port": broker.port, "protocol": broker.protocol})
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    store.command_keys.add(key_id(public), "test", public, ["open"])
    commands = CommandReceiver(CommandSettings(), "north", store, SystemClock(), lambda command: "")
    publisher = Publisher(settings, "north", store, on_message=commands.received)
    assistant = HomeAssistantSettings()
    publisher.link.retain(
        topic(assistant, "north"), discovery(assistant, publisher.topics, "1", ["ir"])
    )
    door = door_state(state="locked", locked=True, open=None, tamper=False, problem=False)
    publisher.state("door", dict(door))
    publisher.state("mode", {"mode": "normal", "until": None})
    publisher.state("gate", {"software": "1", "encoder": "dlib/1", "celsius": 50.0})
    publisher.state("device/ir", {"up": False, "cause": "silent"})
    publisher.start()
    commands.start(publisher.link)
    eventually(lambda: everything.last("gate/north/status") == b"online")  # takes commands
    now = datetime.now(UTC)
    store.writer.record(Event.make("north", "gate.started", now)).result(PATIENCE)
    sender = everything.client
    sender.publish("gate/north/button/sync", b"PRESS", qos=1)
    sender.publish(
        "gate/north/command",
        sign(private, order("open", "north", int(now.timestamp() * 1000))),
        qos=1,
    )
    wanted = set(DOCUMENT["channels"])
    eventually(lambda: {channel_of(m.topic) for m in everything.messages} == wanted)
    publisher.stop()
    commands.stop()
    for message in everything.messages:
        channel = channel_of(message.topic)
        text = message.payload.decode()
        body = json.loads(text) if text.startswith("{") else text
        Draft202012Validator(schema_of(channel)).validate(body)
        assert message.qos == 1
    later = listen(broker.port, broker.protocol, "#")
    kept = {c for c in wanted if retained(c)}
    eventually(lambda: {channel_of(m.topic) for m in later.messages if m.retain} == kept)
