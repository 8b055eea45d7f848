"""Blueprints and dashboard: as files, and (where there is one) in a real Home Assistant.

GATE_HOME_ASSISTANT names a Python that has it: ``pip install homeassistant==2024.3.3
paho-mqtt==1.6.1`` in an environment of its own is the newest for Python 3.11.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import yaml

from gate.events.types import TYPES
from gate.integrations.broker import Mosquitto
from gate.integrations.homeassistant import discovery
from gate.integrations.settings import HomeAssistantSettings
from gate.integrations.topics import Topics

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


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_real_home_assistant_rings_misses_and_burns(
    mosquitto: Callable[[int], Mosquitto], port: int, tmp_path: Path
) -> None:
    python = os.environ.get("GATE_HOME_ASSISTANT")
    if not python:
        pytest.skip("GATE_HOME_ASSISTANT names no Python with Home Assistant")
    config = tmp_path / "ha"
    shutil.copytree(FOLDER / "blueprints", config / "blueprints" / "automation" / "gate")
    topic = TOPICS.event
    automations = [
        {"alias": name, "use_blueprint": {"path": f"gate/{name}.yaml", "input": given}}
        for name, given in {
            "doorbell": {"topic": topic, "ring": [{"event": "rung"}], "pause": 1},
            "not_seen": {"topic": topic, "act": [{"event": "missed"}]},
            "fire": {"topic": topic, "act": [{"event": "burning"}]},
        }.items()
    ]
    written = yaml.safe_dump({"homeassistant": {}, "automation": automations})
    (config / "configuration.yaml").write_text(written)
    broker = mosquitto(port)
    script = Path(__file__).parent / "in_home_assistant.py"
    process = subprocess.Popen(
        [python, str(script), str(config), str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        stderr=(tmp_path / "ha.log").open("w"),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    output = process.stdout
    threading.Thread(
        target=lambda: deque(map(lines.put, map(str.strip, output)), maxlen=0), daemon=True
    ).start()

    def heard(start: str, seconds: float = 60.0) -> str:
        while not (line := lines.get(timeout=seconds)).startswith(start):
            pass
        return line

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        heard("started", 180)
        said = described()
        # 2024.3 knows no device-based discovery: the same components, one message each
        for key, one in said["components"].items():
            single = {k: v for k, v in one.items() if k != "platform"}
            single |= {k: said[k] for k in ("device", "availability", "qos")}
            where = f"homeassistant/{one['platform']}/{key}/config"
            client.publish(where, json.dumps(single), 1, True).wait_for_publish(10)
        client.publish(TOPICS.status, "online", 1, True).wait_for_publish(10)
        door = {"locked": True, "open": False, "tamper": False, "problem": False}
        client.publish(TOPICS.state("door"), json.dumps(door), 1, True).wait_for_publish(10)
        shown: dict[str, str] = {}
        for _ in range(120):
            time.sleep(0.25)
            process.stdin.write("states\n")
            process.stdin.flush()
            shown = json.loads(heard("states").removeprefix("states "))
            if shown.get("binary_sensor.gate_north_lock") == "off":
                break
        assert shown.get("binary_sensor.gate_north_lock") == "off", sorted(shown)
        assert entities() <= set(shown)
        for body, event in (
            ({"type": "passage.denied", "reasons": ["face_unknown"]}, "rung"),
            ({"type": "person.not_seen"}, "missed"),
            ({"type": "door.fire"}, "burning"),
        ):
            client.publish(topic, json.dumps(body), 1).wait_for_publish(10)
            assert heard("event") == f"event {event}"
        client.publish(topic, json.dumps({"type": "passage.denied", "reasons": ["blocked"]}), 1)
        client.publish(topic, json.dumps({"type": "person.not_seen"}), 1)
        assert heard("event") == "event missed"  # whom the gate knows rings nothing
    finally:
        process.stdin.close()
        process.kill()
        client.disconnect()
        client.loop_stop()
        broker.stop()
