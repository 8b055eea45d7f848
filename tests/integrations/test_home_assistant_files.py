"""Blueprints and dashboard: as files, and in a real Home Assistant, which the test installs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import yaml

from gate.events.types import TYPES
from gate.integrations.broker import Broker, Embedded, Mosquitto, find_mosquitto, free_port
from gate.integrations.homeassistant import discovery
from gate.integrations.settings import HomeAssistantSettings
from gate.integrations.topics import Topics
from tests.integrations.home_assistant import HomeAssistant, python_with_home_assistant
from tests.waiting import PATIENCE, wait_for

FOLDER = Path(__file__).parents[2] / "packaging" / "homeassistant"
BLUEPRINTS = sorted((FOLDER / "blueprints").glob("*.yaml"))
TOPICS = Topics("gate", "north")


class Loader(yaml.SafeLoader):
    """Knows Home Assistant's ``!input``."""


Loader.add_constructor("!input", lambda loader, node: {"input": loader.construct_scalar(node)})


def read(file: Path) -> dict[str, Any]:
    return yaml.load(file.read_text("utf-8"), Loader)  # type: ignore[no-any-return]


def described() -> dict[str, Any]:
    return discovery(HomeAssistantSettings(), TOPICS, "1.0", ["main-camera"])


def entities() -> set[str]:
    """The ids Home Assistant makes of the names of device and entity."""
    said = described()
    return {
        f"{one['platform']}.{said['device']['name']} {one['name']}".lower()
        .replace(" ", "_").replace(":", "").replace("-", "_")
        for one in said["components"].values()
    }  # fmt: skip


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_a_blueprint_uses_its_inputs_and_events_that_exist(file: Path) -> None:
    blueprint = read(file)
    used = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if set(value) == {"input"} and isinstance(value["input"], str):
                used.add(value["input"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk({key: blueprint[key] for key in ("trigger", "condition", "action")})
    assert used == set(blueprint["blueprint"]["input"])
    text = json.dumps(blueprint["trigger"])
    assert any(kind in text for kind in TYPES)
    assert "unlock" not in json.dumps(blueprint["action"])  # what opens is the house's choice


def test_the_dashboard_shows_entities_the_gate_announces() -> None:
    text = (FOLDER / "dashboard.yaml").read_text("utf-8")
    shown = {line.strip("- ").strip() for line in text.splitlines() if ".gate_north_" in line}
    assert len(shown) >= 9
    assert shown <= entities()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    program = find_mosquitto()
    running: Broker = (
        Embedded(free_port())
        if program is None
        else Mosquitto(program, free_port(), tmp_path / "broker")
    )
    yield running
    running.stop()


@pytest.fixture
def home(broker: Broker, tmp_path: Path) -> Iterator[HomeAssistant]:
    """Home Assistant with the three blueprints, the dashboard and a lock of its own."""
    python, why = python_with_home_assistant()
    if python is None:
        pytest.skip(why)
    config = tmp_path / "ha"
    shutil.copytree(FOLDER / "blueprints", config / "blueprints" / "automation" / "gate")
    shutil.copy(FOLDER / "dashboard.yaml", config)
    opens = {"service": "lock.unlock", "target": {"entity_id": "lock.front"}}
    given = {
        "doorbell": {"ring": [{"event": "rung"}], "pause": 1},
        "not_seen": {"act": [{"event": "missed"}]},
        "fire": {"act": [opens, {"event": "burning"}]},
    }
    written = {
        "homeassistant": {},
        "lovelace": {
            "dashboards": {
                "gate-door": {"mode": "yaml", "title": "Gate", "filename": "dashboard.yaml"}
            }
        },
        "automation": [
            {
                "alias": name,
                "use_blueprint": {
                    "path": f"gate/{name}.yaml",
                    "input": {"topic": TOPICS.event, **inputs},
                },
            }
            for name, inputs in given.items()
        ],
    }
    (config / "configuration.yaml").write_text(yaml.safe_dump(written))
    running = HomeAssistant(python, config, broker.port, broker.protocol)
    try:
        running.heard("started", 180)
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(broker: Broker) -> Iterator[paho.Client]:
    made = paho.Client(paho.CallbackAPIVersion.VERSION2)
    made.connect("127.0.0.1", broker.port)
    made.loop_start()
    yield made
    made.disconnect()
    made.loop_stop()


def announce(client: paho.Client) -> None:
    """The gate, its door locked and shut, and a lock of the house."""
    said = described()
    # 2024.3 knows no device-based discovery: the same components, one message each
    for key, one in said["components"].items():
        single = {k: v for k, v in one.items() if k != "platform"}
        single |= {k: said[k] for k in ("device", "availability", "qos")}
        where = f"homeassistant/{one['platform']}/{key}/config"
        client.publish(where, json.dumps(single), 1, True).wait_for_publish(PATIENCE)
    lock = {"name": "front", "unique_id": "front", "command_topic": "house/front"}
    client.publish("homeassistant/lock/front/config", json.dumps(lock), 1, True)
    client.publish(TOPICS.status, "online", 1, True).wait_for_publish(PATIENCE)
    door = {"locked": True, "open": False, "tamper": False, "problem": False}
    client.publish(TOPICS.state("door"), json.dumps(door), 1, True).wait_for_publish(PATIENCE)


def shown_on(dashboard: dict[str, Any]) -> set[str]:
    return {
        entity
        for view in dashboard["views"]
        for card in view["cards"]
        for entity in card["entities"]
    }


@pytest.mark.slow
@pytest.mark.timeout(1500)  # it may have to install Home Assistant first
def test_a_real_home_assistant_shows_rings_misses_and_opens(
    home: HomeAssistant, client: paho.Client
) -> None:
    announce(client)

    def states() -> dict[str, str]:
        found: dict[str, str] = home.ask("states")
        there = found.get("binary_sensor.gate_north_lock") == "off" and "lock.front" in found
        return found if there else {}

    shown = wait_for(states)
    assert entities() <= set(shown)
    dashboard = home.ask("dashboard")
    assert len(shown_on(dashboard)) >= 9
    assert shown_on(dashboard) <= set(shown)  # nothing "entity not found"
    assert {shown[f"automation.{name}"] for name in ("doorbell", "not_seen", "fire")} == {"on"}

    opened: list[bytes] = []
    client.on_message = lambda client, userdata, message: opened.append(message.payload)
    client.subscribe("house/front", 1)

    def happens(body: dict[str, Any]) -> str:
        client.publish(TOPICS.event, json.dumps(body), 1).wait_for_publish(PATIENCE)
        return home.heard("event")

    assert happens({"type": "passage.denied", "reasons": ["face_unknown"]}) == "rung"
    assert happens({"type": "person.not_seen"}) == "missed"
    assert not opened
    assert happens({"type": "door.fire"}) == "burning"
    wait_for(lambda: opened)
    assert opened == [b"UNLOCK"]
    client.publish(TOPICS.event, json.dumps({"type": "passage.denied", "reasons": ["blocked"]}), 1)
    # whom the gate knows rings nothing
    assert happens({"type": "person.not_seen"}) == "missed"
