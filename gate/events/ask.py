"""Sends one message to a gate and waits for its answer, as any integrator would."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.errors import BrokerError
from gate.events.mqtt import refusal, tls_context, version
from gate.events.settings import MqttSettings
from gate.events.topics import Topics


def ask(settings: MqttSettings, gate: str, message: bytes, timeout: float = 10.0) -> dict[str, Any]:
    """The gate's answer to a signed command. Raises BrokerError: no broker, or no answer."""
    topics = Topics(settings.prefix, gate)
    where = f"{settings.host}:{settings.port}"
    correlation = secrets.token_bytes(8)
    answers: list[dict[str, Any]] = []
    refused: list[str] = []
    ready, done = threading.Event(), threading.Event()
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"ask-{correlation.hex()}",
        protocol=version(settings),
    )
    if settings.username:
        client.username_pw_set(settings.username, settings.password.get_secret_value())
    if settings.ca is not None:
        client.tls_set_context(tls_context(settings))

    def connected(c: paho.Client, u: Any, f: Any, reason: Any, p: Any) -> None:
        if reason.is_failure:
            refused.append(str(reason))
            ready.set()
        else:
            c.subscribe(topics.answer, qos=1)

    def received(c: paho.Client, u: Any, answer: paho.MQTTMessage) -> None:
        # without MQTT 5 there is no correlation: the first answer counts
        if getattr(answer.properties, "CorrelationData", correlation) == correlation:
            answers.append(json.loads(answer.payload))
            done.set()

    client.on_connect = connected
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = received
    try:
        client.connect(settings.host, settings.port, settings.keepalive)
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"the broker does not answer: {error}", where=where, mend="check [mqtt] host and port"
        ) from error
    client.loop_start()
    try:
        ready.wait(timeout)
        if refused:
            raise refusal(refused[0], where)
        client.publish(
            topics.command, message, qos=1, properties=_properties(settings, topics, correlation)
        )
        if not done.wait(timeout):
            raise BrokerError(
                f"{gate} does not answer",
                where=f"{where} {topics.command}",
                mend="does it run, with [commands] enabled, on this broker?",
            )
    finally:
        client.disconnect()
        client.loop_stop()
    return answers[0]


def _properties(settings: MqttSettings, topics: Topics, correlation: bytes) -> Properties | None:
    if settings.protocol != "5":
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic = topics.answer
    properties.CorrelationData = correlation
    properties.MessageExpiryInterval = 30
    return properties
