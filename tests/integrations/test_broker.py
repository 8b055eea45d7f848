"""A broker the gate starts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import BrokerError
from gate.integrations import broker as module
from gate.integrations.broker import Embedded, Mosquitto, start
from gate.integrations.connection import check
from gate.integrations.settings import MqttSettings
from gate.integrations.topics import Topics


def test_an_external_broker_is_left_alone(tmp_path: Path) -> None:
    settings = MqttSettings()
    assert start(settings, tmp_path) == (settings, None)


@pytest.mark.slow
def test_without_mosquitto_the_embedded_one_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("amqtt")
    monkeypatch.setattr(module, "find_mosquitto", lambda: None)
    settings, running = start(MqttSettings(broker="mosquitto", port=0), tmp_path)
    assert isinstance(running, Embedded)
    assert settings.protocol == "3.1.1"
    check(settings, Topics("gate", "north"))
    running.stop()


def test_mosquitto_serves_where_it_is_installed(tmp_path: Path) -> None:
    if module.find_mosquitto() is None:
        pytest.skip("there is no mosquitto here")
    settings, running = start(MqttSettings(broker="mosquitto", port=0), tmp_path)
    assert isinstance(running, Mosquitto)
    check(settings, Topics("gate", "north"))
    with pytest.raises(BrokerError, match="another program uses"):
        Mosquitto(str(module.find_mosquitto()), settings.port, tmp_path / "second")
    running.stop()


def test_a_port_for_a_program_is_none_that_the_system_gives_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "ip_local_port_range"
    given.write_text("20500\t60999\n")
    monkeypatch.setattr(module, "_GIVEN", given)
    ports = {module.free_port() for _ in range(100)}
    assert len(ports) > 80
    assert max(ports) < 20_500
