"""Messages longer than any command: the broker is told not to send them to the gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.integrations.broker import Mosquitto
from gate.integrations.mqtt_link import PACKET, Link
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics
from tests.waiting import wait_for


@pytest.mark.slow
def test_a_message_that_would_fill_the_memory_does_not_arrive(
    mosquitto: Callable[[int], Mosquitto], port: int
) -> None:
    """Kept by the broker for a gate that died of it, it would come again at every start."""
    broker = mosquitto(port)
    settings = MqttSettings.model_validate({"port": port, "protocol": broker.protocol})
    sizes: list[int] = []
    gate = Link(
        settings,
        Topics("gate", "north"),
        on_message=lambda message: sizes.append(len(message.payload)),
    )
    sender = Link(settings, Topics("gate", "desk"))
    topic = gate.topics.command
    try:
        for link in (gate, sender):
            link.start()
            wait_for(link.up.is_set)
        # the gate has subscribed once it gets one
        wait_for(lambda: sender.publish(topic, b"1") and bool(sizes), 60)
        sender.publish(topic, bytes(PACKET + 1))
        sender.publish(topic, b"22")
        wait_for(lambda: 2 in sizes)
        assert set(sizes) == {1, 2}
    finally:
        for link in (gate, sender):
            link.stop()
        broker.stop()
