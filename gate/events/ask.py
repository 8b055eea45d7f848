"""Sends one message to a gate and waits for its answer, as any integrator would."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.errors import BrokerError
from gate.events.connection import first_contact
from gate.events.settings import MqttSettings
from gate.events.topics import Topics


def ask(settings: MqttSettings, gate: str, message: bytes, timeout: float = 10.0) -> dict[str, Any]:
    """The gate's answer to a signed command. Raises BrokerError: no broker, or no answer."""
    topics = Topics(settings.prefix, gate)
    correlation = secrets.token_bytes(8)
    answers: list[dict[str, Any]] = []
    listening, answered = threading.Event(), threading.Event()
    client = first_contact(settings, f"ask-{correlation.hex()}", timeout)

    def received(c: paho.Client, u: Any, answer: paho.MQTTMessage) -> None:
        # without MQTT 5 there is no correlation: the first answer counts
        if getattr(answer.properties, "CorrelationData", correlation) == correlation:
            answers.append(json.loads(answer.payload))
            answered.set()

    client.on_message = received
    client.on_subscribe = lambda *_: listening.set()
    try:
        client.subscribe(topics.answer, qos=1)
        listening.wait(timeout)
        properties = _properties(topics, correlation) if settings.protocol == "5" else None
        client.publish(topics.command, message, qos=1, properties=properties)
        if not answered.wait(timeout):
            raise BrokerError(
                f"{gate} does not answer",
                where=f"{settings.host}:{settings.port} {topics.command}",
                mend="does it run, with [commands] enabled, on this broker?",
            )
    finally:
        client.disconnect()
        client.loop_stop()
    return answers[0]


def _properties(topics: Topics, correlation: bytes) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic = topics.answer
    properties.CorrelationData = correlation
    properties.MessageExpiryInterval = 30
    return properties
