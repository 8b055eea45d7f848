"""The receiver handles each event once, whatever is sent twice and whoever is restarted."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from examples.receive_events import Receiver
from gate.integrations.broker import Mosquitto
from tests.examples.conftest import Start
from tests.waiting import PATIENCE, eventually


def event(sequence: int, gate: str = "north", epoch: int = 1) -> bytes:
    made = {
        "gate": gate,
        "epoch": epoch,
        "sequence": sequence,
        "time": "now",
        "type": "door.opened",
    }
    return json.dumps(made).encode()


def last_of(gate: str, database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        row = db.execute("SELECT sequence FROM last WHERE gate = ?", (gate,)).fetchone()
    return int(row[0]) if row else 0


def publish(port: int, *payloads: bytes) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for payload in payloads:
        client.publish("gate/north/event", payload, qos=1).wait_for_publish(PATIENCE)
    client.disconnect()
    client.loop_stop()


@pytest.mark.slow
def test_events_sent_twice_and_while_it_was_away_are_handled_once(
    broker: Mosquitto, start: Start, tmp_path: Path
) -> None:
    def line(process: subprocess.Popen[str]) -> str:
        """The next one about an event; kept ones may come before the subscription is confirmed."""
        assert process.stdout
        return next(each for each in process.stdout if each not in ("connected\n", "subscribed\n"))

    def lines(process: subprocess.Popen[str], count: int) -> list[str]:
        return [line(process).split()[1] for _ in range(count)]

    receiver = start("receive_events.py", "--port", broker.port)
    assert receiver.stdout
    assert "subscribed\n" in receiver.stdout  # what is published before it nobody keeps
    publish(broker.port, event(1), event(1), event(2), event(1), event(3))
    assert lines(receiver, 3) == ["1", "2", "3"]
    # printed is not yet stored
    assert eventually(lambda: last_of("north", tmp_path / "events.db") == 3)
    receiver.kill()
    receiver.wait()
    publish(broker.port, event(3), event(4))  # kept by the broker
    again = start("receive_events.py", "--port", broker.port)
    publish(broker.port, event(4), b"not an event", event(5))
    assert lines(again, 1) == ["4"]
    assert line(again).startswith("ignored")
    assert lines(again, 1) == ["5"]


def test_each_gate_has_its_own_sequence(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    receiver = Receiver(tmp_path / "r.db", lambda e, _: seen.append((e["gate"], e["sequence"])))
    assert receiver.receive(event(7))
    assert receiver.receive(event(1, "south"))
    assert not receiver.receive(event(7))
    assert seen == [("north", 7), ("south", 1)]


def test_a_restored_gate_begins_a_new_series(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "r.db", lambda *_: None)
    assert receiver.receive(event(7))
    assert receiver.receive(event(3, epoch=2))
    assert not receiver.receive(event(3, epoch=2))
    assert not receiver.receive(event(7))


def test_an_event_of_an_older_gate_has_no_epoch(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "r.db", lambda *_: None)
    old = json.dumps({"gate": "north", "sequence": 1, "type": "door.opened"}).encode()
    assert receiver.receive(old)
    assert not receiver.receive(old)


def test_an_event_that_could_not_be_handled_comes_again(tmp_path: Path) -> None:
    def broken(event: object, db: object) -> None:
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError):
        Receiver(tmp_path / "r.db", broken).receive(event(1))
    assert Receiver(tmp_path / "r.db", lambda *_: None).receive(event(1))
