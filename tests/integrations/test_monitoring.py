"""Alert rules and dashboard against the gate's own metrics, promtool and a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gate.events.event import Event
from gate.events.types import TYPES
from gate.integrations.broker import free_port
from gate.integrations.health_server import HealthServer
from gate.integrations.metrics import Metrics
from gate.integrations.settings import HttpSettings
from tests.waiting import PATIENCE

FOLDER = Path(__file__).parents[2] / "packaging" / "monitoring"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
# given by Prometheus itself
OWN = {"up"}


def filled() -> Metrics:
    """With every metric a running gate has."""
    metrics = Metrics("north")
    metrics.count(
        Event.make(
            "north", "passage.granted", NOON, decision="grant", method="face",
            reasons=("welcome",), latency=400.0,
        )
    )  # fmt: skip
    metrics.device("main", up=True)
    metrics.export("office", lambda: 3.0)
    metrics.gauge("outbox_waiting", "Events not delivered yet", lambda: 7.0)
    return metrics


def samples() -> dict[str, set[str]]:
    """Names of samples and their labels, as read by Prometheus' own parser."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(filled().text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> Iterator[str]:
    dashboard = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    rules = (FOLDER / "gate.rules.yml").read_text("utf-8")
    yield from re.findall(r"expr: (?!>-)(.+)", rules)
    yield from re.findall(r"expr: >-\n((?: {10}.+\n)+)", rules)


def test_every_metric_and_label_that_is_asked_for_is_one_of_the_gate() -> None:
    known = samples()
    asked = list(expressions())
    assert len(asked) > 15
    for text in asked:
        used = set(re.findall(r"\b(gate_[a-z_]+|up)\b", text))
        assert used
        assert used <= set(known) | OWN, text
        for name, labels in re.findall(r"\b(gate_[a-z_]+)\{([^}]*)\}", text):
            for label in re.findall(r"([a-z]+)(?==|!=|=~)", labels):
                assert label in known[name] | {"instance", "job"}, text


def test_every_type_of_event_that_is_asked_for_exists() -> None:
    asked = set()
    for text in expressions():
        asked |= set(re.findall(r'type="([a-z_.]+)"', text))
        for group in re.findall(r'type=~"door\.\(([a-z_|]+)\)"', text):
            asked |= {f"door.{kind}" for kind in group.split("|")}
    assert asked
    assert asked <= set(TYPES)


def test_the_dashboard_has_panels_of_its_own_id_in_places_of_their_own() -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("there is no promtool here (apt install prometheus)")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", "gate.rules.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "gate.rules.test.yml"],
    ],
    ids=" ".join,
)
def test_promtool_is_content(promtool: str, words: list[str]) -> None:
    done = subprocess.run(
        [promtool, *words], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_promtool_would_notice(promtool: str, tmp_path: Path) -> None:
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    rules = tmp_path / "gate.rules.yml"
    rules.write_text(rules.read_text("utf-8").replace("gate_device_up == 0", "gate_device_up == 1"))
    words = [promtool, "test", "rules", "gate.rules.test.yml"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 0


def test_the_metrics_page_has_no_bad_habits(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "metrics"], input=filled().text(), capture_output=True, check=False
    )
    said = done.stderr.decode() + done.stdout.decode()
    # the names are published; what remains is a matter of taste
    serious = [line for line in said.splitlines() if "error" in line.lower()]
    assert done.returncode in (0, 3)
    assert not serious


@pytest.mark.slow
def test_a_real_prometheus_reads_the_gate_and_raises_the_alarm(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("there is no prometheus here")
    metrics = filled()
    server = HealthServer(HttpSettings(port=0), metrics, {}, {})
    server.start()
    port = free_port()
    config = (FOLDER / "prometheus.yml").read_text("utf-8").replace("15s", "1s")
    (tmp_path / "prometheus.yml").write_text(config.replace("9464", str(server.port)))
    rules = (FOLDER / "gate.rules.yml").read_text("utf-8").replace("for: 2m", "for: 1s")
    (tmp_path / "gate.rules.yml").write_text(rules)
    process = subprocess.Popen(
        [program, f"--config.file={tmp_path}/prometheus.yml",
         f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}/api/v1"

    def answer(path: str, **query: str) -> Any:
        try:
            return httpx.get(f"{base}/{path}", params=query, timeout=PATIENCE).json()["data"]
        except (httpx.HTTPError, ValueError, KeyError):
            return {}

    def value(query: str) -> list[str]:
        return [row["value"][1] for row in answer("query", query=query).get("result", [])]

    def firing() -> set[str]:
        alerts = answer("alerts").get("alerts", [])
        return {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"}

    try:
        eventually(lambda: value('up{job="gate"}') == ["1"], 60)
        # a look that takes too long on a busy machine leaves them out once
        eventually(lambda: value("gate_outbox_waiting") == ["7"])
        eventually(lambda: value('gate_decisions_total{outcome="grant"}') == ["1"])
        eventually(lambda: value("gate_export_waiting") == ["3"])
        for text in expressions():  # the real one understands every panel and rule
            asked = text.replace("$gate", ".*")
            assert answer("query", query=asked), text
        assert "GateDeviceDown" not in firing()
        metrics.device("main", up=False)
        eventually(lambda: "GateDeviceDown" in firing(), 60)
        metrics.device("main", up=True)
        eventually(lambda: "GateDeviceDown" not in firing(), 60)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        server.stop()
