"""Sends one message to a gate and waits for its answer, as any client would."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.errors import BrokerError
from gate.integrations.connection import first_contact
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics


def ask(settings: MqttSettings, gate: str, message: bytes, timeout: float = 10.0) -> dict[str, Any]:
    """The gate's answer to a signed command. Raises BrokerError: no broker, or no answer."""
    topics = Topics(settings.prefix, gate)
    correlation = secrets.token_bytes(8)
    own = _id_of(message)
    answers: list[dict[str, Any]] = []
    refused: list[str] = []
    listening, answered = threading.Event(), threading.Event()
    client = first_contact(settings, f"ask-{correlation.hex()}", timeout)

    def received(c: paho.Client, u: Any, answer: paho.MQTTMessage) -> None:
        # everybody's answers come on this topic, those to unsigned messages without correlation;
        # amqtt also sends what is retained of other topics
        if answer.topic != topics.answer:
            return
        try:
            body = json.loads(answer.payload)
        except ValueError:
            return
        if settings.protocol == "5":
            if getattr(answer.properties, "CorrelationData", None) != correlation:
                return
        elif not isinstance(body, dict) or body.get("id", own) != own:
            return
        answers.append(body)
        answered.set()

    def published(c: paho.Client, u: Any, mid: int, code: Any, properties: Any) -> None:
        if code.is_failure:
            refused.append(str(code))
            answered.set()

    client.on_message = received
    client.on_publish = published
    client.on_subscribe = lambda *_: listening.set()
    try:
        client.subscribe(topics.answer, qos=1)
        listening.wait(timeout)
        properties = _properties(topics, correlation) if settings.protocol == "5" else None
        client.publish(topics.command, message, qos=1, properties=properties)
        answered.wait(timeout)
        where = f"{settings.host}:{settings.port} {topics.command}"
        if refused:
            raise BrokerError(
                f"the broker does not allow this client to send commands: {refused[0]}",
                where=where,
                hint="a gate's certificate may not send commands; name a receiver's in [mqtt]",
            )
        if not answers:
            raise BrokerError(
                f"gate {gate} does not answer",
                where=where,
                hint="check that it runs, with [commands] enabled, on this broker, "
                "and that the certificate in [mqtt] may send commands (a gate's may not)",
            )
    finally:
        client.disconnect()
        client.loop_stop()
    return answers[0]


def _id_of(message: bytes) -> str:
    """The id of a signed command; "" of anything else."""
    try:
        return str(json.loads(json.loads(message)["payload"])["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _properties(topics: Topics, correlation: bytes) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic = topics.answer
    properties.CorrelationData = correlation
    properties.MessageExpiryInterval = 30
    return properties
