"""Home Assistant's device-based MQTT discovery: what the gate looks like there. Pure.

Follows https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload (2024.11 and
later). No personal data unless ``[homeassistant] personal`` is on, and then only the pseudonym.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gate.integrations.settings import HomeAssistantSettings
from gate.integrations.topics import Topics
from gate.texts.catalogue import word

_EVENT_TYPES = ("granted", "denied", "asked", "abandoned", "duress", "tailgating")


def topic(settings: HomeAssistantSettings, gate: str) -> str:
    """Where the description goes, retained."""
    return f"{settings.prefix}/device/{gate}/config"


def discovery(
    settings: HomeAssistantSettings, topics: Topics, software: str, devices: Iterable[str] = ()
) -> dict[str, Any]:
    """The description of one gate. ``devices`` are names as in ``state/device/<name>``."""
    components = {
        **_door(settings, topics),
        **_figures(settings, topics),
        "passage": _passage(settings, topics),
        **{f"device_{name}": _device(settings, topics, name) for name in devices},
        **{f"button_{name}": _button(settings, topics, name) for name in settings.buttons},
    }
    for key, component in components.items():
        component["unique_id"] = f"{topics.prefix.replace('/', '-')}-{topics.gate}-{key}"
    return {
        "device": {
            "identifiers": [f"{topics.prefix.replace('/', '-')}-{topics.gate}"],
            "name": _name(settings, "gate", topics.gate),
            "model": "Access gate",
            "sw_version": software,
        },
        "origin": {"name": "access-gate", "sw_version": software},
        "availability": [{"topic": topics.status}],
        "qos": 1,
        "components": components,
    }


def _name(settings: HomeAssistantSettings, key: str, name: str = "") -> str:
    return word("entity", key, settings.language).format(name=name)


def _door(settings: HomeAssistantSettings, topics: Topics) -> dict[str, dict[str, Any]]:
    def sensor(key: str, device_class: str, value: str, **more: str) -> dict[str, Any]:
        return {
            "platform": "binary_sensor",
            "name": _name(settings, key),
            "device_class": device_class,
            "state_topic": topics.state("door"),
            # None leaves the entity unknown: a door without a contact is not a shut door
            "value_template": f"{{% set v = {value} %}}"
            "{{ 'None' if v is none else 'ON' if v else 'OFF' }}",
            **more,
        }

    member = "value_json.get('{}')".format
    return {
        # for a lock ON is unlocked; read-only, since an order must be signed
        "lock": sensor(
            "lock", "lock", "none if value_json.locked is not defined else not value_json.locked"
        ),
        "contact": sensor("contact", "door", member("open")),
        "tamper": sensor("tamper", "tamper", member("tamper"), entity_category="diagnostic"),
        "problem": sensor("problem", "problem", member("problem"), entity_category="diagnostic"),
    }


def _figures(settings: HomeAssistantSettings, topics: Topics) -> dict[str, dict[str, Any]]:
    return {
        "mode": {
            "platform": "sensor",
            "name": _name(settings, "mode"),
            "state_topic": topics.state("mode"),
            "value_template": "{{ value_json.mode }}",
        },
        "waiting": {
            "platform": "sensor",
            "name": _name(settings, "waiting"),
            "state_topic": topics.state("outbox"),
            "value_template": "{{ value_json.waiting }}",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
        "box": {
            "platform": "sensor",
            "name": _name(settings, "box"),
            "state_topic": topics.state("gate"),
            "value_template": "{{ value_json.get('celsius') }}",
            "device_class": "temperature",
            "unit_of_measurement": "°C",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
        **({"temperature": _temperature(settings, topics)} if settings.personal else {}),
    }


def _temperature(settings: HomeAssistantSettings, topics: Topics) -> dict[str, Any]:
    """A body temperature is about a person, so only when that is switched on."""
    return {
        "platform": "sensor",
        "name": _name(settings, "temperature"),
        "state_topic": topics.event,
        "value_template": "{{ value_json.temperature.estimated if value_json.temperature is"
        " defined and value_json.temperature.estimated is number else this.state }}",
        "device_class": "temperature",
        "unit_of_measurement": "°C",
        "suggested_display_precision": 1,
    }


def _passage(settings: HomeAssistantSettings, topics: Topics) -> dict[str, Any]:
    shown = {"method": "method", "reasons": "reasons", "sequence": "sequence", "epoch": "epoch"}
    if settings.personal:
        shown |= {"person": "person"}
    members = ", ".join(f"'{key}': value_json.get('{value}')" for key, value in shown.items())
    return {
        "platform": "event",
        "name": _name(settings, "passage"),
        "state_topic": topics.event,
        "event_types": list(_EVENT_TYPES),
        # other events render to nothing, which Home Assistant passes over
        "value_template": "{% set kind = value_json.type.split('.') %}"
        f"{{% if kind[0] == 'passage' and kind[1] in {list(_EVENT_TYPES)} %}}"
        f"{{{{ dict({{{members}}}, event_type=kind[1]) | tojson }}}}"
        "{% endif %}",
    }


def _device(settings: HomeAssistantSettings, topics: Topics, name: str) -> dict[str, Any]:
    return {
        "platform": "binary_sensor",
        "name": _name(settings, "device", name),
        "device_class": "problem",
        "state_topic": topics.state(f"device/{name}"),
        "value_template": "{{ 'OFF' if value_json.up else 'ON' }}",
        "entity_category": "diagnostic",
    }


def _button(settings: HomeAssistantSettings, topics: Topics, name: str) -> dict[str, Any]:
    return {
        "platform": "button",
        "name": _name(settings, name),
        "command_topic": topics.button(name),
        "payload_press": "PRESS",
    }


def door_state(
    *, state: str, locked: bool, open: bool | None, tamper: bool | None, problem: bool
) -> Mapping[str, object]:
    """What ``state/door`` holds."""
    return {"state": state, "locked": locked, "open": open, "tamper": tamper, "problem": problem}
