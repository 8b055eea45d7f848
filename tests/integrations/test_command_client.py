"""Whoever asks a gate gets the answer to their own message."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from gate.integrations.command_client import ask
from gate.integrations.connection import first_contact
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics
from tests.waiting import PATIENCE

OWN = json.dumps({"payload": json.dumps({"id": "own"})}).encode()


@pytest.mark.slow
def test_answers_to_the_messages_of_others_are_not_taken_for_the_own(broker: Any) -> None:
    settings = MqttSettings.model_validate({"port": broker.port, "protocol": broker.protocol})
    topics = Topics(settings.prefix, "north")
    gate = first_contact(settings, "gate-north")

    def command(client: Any, data: Any, message: Any) -> None:
        client.publish(topics.answer, b"no answer at all", qos=1)
        client.publish(topics.answer, b"[]", qos=1)
        # then comes the answer to somebody's unsigned message, as in a flood of them
        other = {"result": "refused", "reason": "wrong_form"}
        if broker.protocol != "5":
            other["id"] = "another"
        client.publish(topics.answer, json.dumps(other), qos=1)
        done = json.dumps({"result": "done", "id": "own"})
        client.publish(topics.answer, done, qos=1, properties=message.properties)

    listening = threading.Event()
    gate.on_message = command
    gate.on_subscribe = lambda *_: listening.set()
    gate.subscribe(topics.command, qos=1)
    try:
        assert listening.wait(PATIENCE)  # the broker keeps no command for whoever comes later
        assert ask(settings, "north", OWN, PATIENCE)["result"] == "done"
    finally:
        gate.disconnect()
        gate.loop_stop()
