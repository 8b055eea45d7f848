"""Publishing: everything arrives, in order, whatever the broker does."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from gate.errors import BrokerError
from gate.events.event import Event
from gate.integrations.broker import Broker, Mosquitto, find_mosquitto, free_port
from gate.integrations.connection import check, first_contact
from gate.integrations.mqtt_link import OFTEN
from gate.integrations.publisher import Publisher
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics
from gate.store.store import Store
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

TAKEN = re.compile("another client connected under the name of this gate|broke 3 times")
Listen = Callable[..., Any]
Start = Callable[[int], Mosquitto]
Eventually = Callable[..., None]


def settings(broker: Broker, **more: object) -> MqttSettings:
    return MqttSettings.model_validate(
        {"port": broker.port, "protocol": broker.protocol, "retry_most": 1, "settle": 2, **more}
    )


def make(store: Store, count: int) -> None:
    at = datetime.now(UTC)
    futures = [
        store.writer.record(Event.make("north", "passage.granted", at)) for _ in range(count)
    ]
    futures[-1].result(PATIENCE)


def test_events_made_before_and_after_the_start_arrive_in_order(
    broker: Broker, listener: Any, store: Store, eventually: Eventually
) -> None:
    make(store, 150)
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    make(store, 50)
    eventually(lambda: len(listener.once) == 200)
    assert [e["sequence"] for e in listener.once] == list(range(1, 201))
    eventually(lambda: publisher.health().waiting == 0)
    publisher.stop()
    assert publisher.published == 200


def test_birth_state_and_farewell_are_retained(
    broker: Broker, listener: Any, listen: Listen, store: Store, eventually: Eventually
) -> None:
    publisher = Publisher(settings(broker), "north", store)
    publisher.state("door", {"state": "locked"})
    publisher.start()
    eventually(lambda: listener.last("gate/north/status") == b"online")
    publisher.state("door", {"state": "unlocked"})
    eventually(lambda: listener.last("gate/north/state/door") == b'{"state": "unlocked"}')
    later = listen(broker.port, broker.protocol, "gate/+/state/door")
    eventually(lambda: later.messages)
    assert later.messages[0].retain
    publisher.stop()
    eventually(lambda: listener.last("gate/north/status") == b"offline")


def test_a_gate_that_stops_does_not_correct_its_own_farewell(
    mosquitto: Start, port: int, listen: Listen, store: Store, eventually: Eventually
) -> None:
    broker = mosquitto(port)
    publisher = Publisher(settings(broker), "north", store, on_message=lambda message: None)
    publisher.start()
    eventually(lambda: publisher.link.up.is_set())
    publisher.link.publish(publisher.topics.status, b"offline", retain=True)  # by somebody else
    listener = listen(port)
    eventually(lambda: listener.last("gate/north/status") == b"online")  # corrected
    publisher.stop()
    eventually(lambda: listener.last("gate/north/status") == b"offline")
    later = listen(port, topic="gate/north/status")
    eventually(lambda: later.messages)
    assert later.last("gate/north/status") == b"offline"
    broker.stop()


def test_a_message_says_what_it_is(
    mosquitto: Start, port: int, listen: Listen, store: Store, eventually: Eventually
) -> None:
    broker = mosquitto(port)
    listener = listen(port)
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    make(store, 1)
    eventually(lambda: listener.once)
    message = next(m for m in listener.messages if m.topic == "gate/north/event")
    assert message.properties is not None
    assert message.properties.ContentType == "application/json"
    assert dict(message.properties.UserProperty) == {"schema": "1", "type": "passage.granted"}
    publisher.stop()
    broker.stop()


def test_a_broker_that_is_killed_costs_no_event(
    mosquitto: Start,
    port: int,
    listen: Listen,
    store: Store,
    eventually: Eventually,
    tmp_path: Path,
) -> None:
    broker = mosquitto(port)
    listener = listen(port)
    saved = tmp_path / "broker" / "mosquitto.db"
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    try:
        # the broker, which saves once a second, has saved that somebody listens
        eventually(lambda: saved.exists() and b"gate/#" in saved.read_bytes())
        make(store, 100)
        for _ in range(3):
            broker._process.kill()
            broker._process.wait()
            make(store, 100)
            broker = mosquitto(port)
        eventually(lambda: len(listener.once) == 400, 60)
        assert [e["sequence"] for e in listener.once] == list(range(1, 401))
    finally:
        publisher.stop()
        broker.stop()


def test_a_restart_of_the_gate_goes_on_where_it_was(
    broker: Broker, listener: Any, store: Store, eventually: Eventually
) -> None:
    for _ in range(3):
        publisher = Publisher(settings(broker), "north", store)
        publisher.start()
        make(store, 40)
        publisher.stop()
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    eventually(lambda: len(listener.once) == 120)
    assert [e["sequence"] for e in listener.once] == list(range(1, 121))
    publisher.stop()


def test_a_wrong_password_is_named_and_events_wait(
    tmp_path: Path, store: Store, eventually: Eventually
) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("there is no mosquitto here")
    port = free_port()
    passwords = tmp_path / "passwords"
    passwords.write_text("gate:$7$101$c2FsdHNhbHRzYWx0$" + "A" * 86 + "==\n")
    config = tmp_path / "m.conf"
    config.write_text(f"listener {port} 127.0.0.1\npassword_file {passwords}\nuser root\n")
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    wrong = MqttSettings.model_validate(
        {"port": port, "username": "gate", "password": "wrong", "retry_most": 1}
    )
    publisher = Publisher(wrong, "north", store)
    publisher.start()
    try:
        make(store, 3)
        eventually(lambda: publisher.health().fault and "refuses this" in str(publisher.link.fault))
        fault = publisher.health().fault
        assert fault is not None
        assert "username and password" in fault.hint
        assert "wrong" not in str(fault)
        assert publisher.health().waiting == 3
        with pytest.raises(BrokerError, match="refuses this client"):
            check(wrong, Topics("gate", "north"))
    finally:
        publisher.stop()
        process.terminate()
        process.wait()


def test_two_gates_of_one_name_are_told_so_in_plain_words(
    store: Store, tmp_path: Path, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("there is no mosquitto here")
    broker = Mosquitto(program, free_port(), tmp_path / "broker")
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    try:
        eventually(lambda: publisher.health().connected)
        for _ in range(OFTEN):  # the other one comes again and again, too
            before = publisher.link.connection
            other = first_contact(settings(broker), "gate-north")
            eventually(lambda before=before: publisher.link.connection > before)
            other.disconnect()
            other.loop_stop()
        causes = [getattr(record, "cause", "") for record in caplog.records]
        # at once where the broker says so, as newer ones do
        assert any(TAKEN.search(cause) for cause in causes), causes
    finally:
        publisher.stop()
        broker.stop()


def test_a_broker_that_is_not_there_is_named(store: Store, eventually: Eventually) -> None:
    away = MqttSettings(port=free_port(), retry_most=1)
    with pytest.raises(BrokerError, match="does not answer"):
        check(away, Topics("gate", "north"))
    publisher = Publisher(away, "north", store)
    publisher.start()
    eventually(lambda: publisher.health().fault)
    assert not publisher.health().connected
    publisher.stop()


def test_events_sent_again_by_hand_go_out(
    broker: Broker, listener: Any, store: Store, eventually: Eventually
) -> None:
    publisher = Publisher(settings(broker, settle=0), "north", store)
    publisher.start()
    make(store, 20)
    eventually(lambda: store.outbox.waiting("north", "mqtt") == 0)
    assert store.outbox.again("north", "mqtt", 3, 4) == 2
    eventually(
        lambda: (
            [
                json.loads(m.payload)["sequence"]
                for m in listener.messages
                if m.topic == "gate/north/event"
            ][20:]
            == [3, 4]
        )
    )
    assert len(listener.once) == 20
    publisher.stop()


def test_a_broker_that_hangs_does_not_settle_anything(
    mosquitto: Start, port: int, store: Store, eventually: Eventually
) -> None:
    broker = mosquitto(port)
    publisher = Publisher(settings(broker, settle=1.5), "north", store)
    publisher.start()
    make(store, 5)
    eventually(lambda: publisher.published == 5)
    broker._process.send_signal(signal.SIGSTOP)
    hung = time.monotonic()
    eventually(lambda: publisher._flushed > hung + 2.0)  # looked at after more than ``settle``
    assert store.outbox.waiting("north", "mqtt") == 5
    broker._process.send_signal(signal.SIGCONT)
    eventually(lambda: store.outbox.waiting("north", "mqtt") == 0)
    publisher.stop()
    broker.stop()


def test_nothing_meant_for_one_connection_goes_out_on_the_next(
    mosquitto: Start, port: int, listen: Listen, store: Store, eventually: Eventually
) -> None:
    broker = mosquitto(port)
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    eventually(lambda: publisher.link.up.is_set())
    first = publisher.link.connection
    broker.stop()
    broker = mosquitto(port)
    eventually(lambda: publisher.link.connection > first)
    assert publisher.link.publish("gate/north/event", b"{}", connection=first) is None
    publisher.stop()
    broker.stop()


def test_waiting_for_an_acknowledged_event_to_settle_asks_the_store_seldom(
    broker: Broker,
    listener: Any,
    store: Store,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Mock(wraps=store.outbox.next)
    monkeypatch.setattr(store.outbox, "next", asked)
    publisher = Publisher(settings(broker), "north", store)
    publisher.start()
    make(store, 3)
    eventually(lambda: publisher.published == 3)
    eventually(lambda: store.outbox.waiting("north", "mqtt") == 0)
    assert asked.call_count < 100  # a thread that spins asks thousands of times in two seconds
    publisher.stop()


def test_a_backlog_is_drained_at_the_rate_that_was_set(
    broker: Broker, listener: Any, store: Store, eventually: Eventually
) -> None:
    make(store, 120)
    publisher = Publisher(settings(broker, rate=40), "north", store)
    started = time.monotonic()
    publisher.start()
    eventually(lambda: len(listener.once) == 120)
    assert time.monotonic() - started > 2.5  # 120 events at 40 a second take three
    publisher.stop()
