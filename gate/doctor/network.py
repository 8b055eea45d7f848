"""The message broker."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.integrations.broker import find_mosquitto
from gate.integrations.connection import check
from gate.integrations.topics import Topics


def broker(settings: Settings) -> Iterator[Finding]:
    """Connected to once, under another name than the gate's. Raises BrokerError."""
    mqtt = settings.mqtt
    where = f"{mqtt.host}:{mqtt.port}"
    if not mqtt.enabled:
        yield Finding("broker", Level.OK, "off: events stay on this box")
    elif mqtt.broker == "external":
        check(mqtt, Topics(mqtt.prefix, settings.name))
        level = Level.OK if mqtt.ca or mqtt.host in ("127.0.0.1", "localhost") else Level.WARN
        hint = "" if level is Level.OK else "set [mqtt] ca: pseudonyms cross the network in clear"
        yield Finding("broker", level, f"{where}: lets us in", hint)
    elif mqtt.broker == "mosquitto" and not find_mosquitto():
        hint = "apt install mosquitto; the embedded broker is for trials only"
        yield Finding("broker", Level.WARN, "there is no mosquitto to start", hint)
    else:
        yield Finding("broker", Level.OK, f"started by the gate itself ({mqtt.broker})")
