"""The discovery message against its documented schema, and its templates against real messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from jsonschema import Draft202012Validator

from gate.clock import ManualClock
from gate.events.event import Event
from gate.integrations.command_receiver import CommandReceiver
from gate.integrations.homeassistant import discovery, door_state, topic
from gate.integrations.settings import CommandSettings, HomeAssistantSettings
from gate.integrations.topics import Topics
from gate.store.settings import StoreSettings
from gate.store.store import Store

SCHEMA = json.loads((Path(__file__).parent / "homeassistant.schema.json").read_text())
TOPICS = Topics("gate", "north")


def described(**settings: Any) -> dict[str, Any]:
    chosen = HomeAssistantSettings.model_validate(settings)
    return json.loads(json.dumps(discovery(chosen, TOPICS, "1.0", ["ir", "main-camera"])))  # type: ignore[no-any-return]


def render(component: dict[str, Any], payload: dict[str, Any]) -> str:
    return Environment().from_string(component["value_template"]).render(value_json=payload).strip()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"language": "zh", "personal": True},
        {"buttons": ["lockdown", "sync", "reload"]},
    ],
)
def test_the_description_follows_the_documented_schema(settings: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(described(**settings))


def test_it_goes_where_the_acl_lets_the_gate_write() -> None:
    assert topic(HomeAssistantSettings(), "north") == "homeassistant/device/north/config"


def test_every_entity_has_an_id_of_its_own() -> None:
    ids = [c["unique_id"] for c in described()["components"].values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("entity", "changes", "shown"),
    [
        ("lock", {"locked": True}, "OFF"),
        ("lock", {"locked": False}, "ON"),
        ("contact", {"open": True}, "ON"),
        ("contact", {"open": None}, "None"),
        ("tamper", {"tamper": True}, "ON"),
        ("problem", {"problem": True}, "ON"),
    ],
)
def test_the_door_is_shown(entity: str, changes: dict[str, Any], shown: str) -> None:
    calm: dict[str, Any] = {
        "state": "locked", "locked": True, "open": False, "tamper": False, "problem": False,
    }  # fmt: skip
    state = dict(door_state(**{**calm, **changes}))
    assert render(described()["components"][entity], state) == shown


def passage(type: str = "passage.granted") -> dict[str, Any]:
    return (
        Event.make(
            "north", type, datetime(2026, 6, 1, tzinfo=UTC),
            method="face", decision="grant", reasons=("known",), person="a" * 32,
            temperature={"estimated": 36.5},
        )
        .numbered(7, 3)
        .body()
    )  # fmt: skip


def test_the_last_passage_names_nobody_unless_switched_on() -> None:
    shown = json.loads(render(described()["components"]["passage"], passage()))
    assert shown == {
        "event_type": "granted", "method": "face", "reasons": ["known"], "sequence": 7, "epoch": 3,
    }  # fmt: skip
    assert "temperature" not in described()["components"]
    personal = described(personal=True)["components"]
    assert json.loads(render(personal["passage"], passage()))["person"] == "a" * 32
    assert render(personal["temperature"], passage()) == "36.5"


def test_other_events_are_passed_over() -> None:
    component = described()["components"]["passage"]
    assert render(component, passage("gate.started")) == ""
    assert render(component, passage("passage.ended")) == ""


def test_a_device_that_is_down_is_a_problem() -> None:
    component = described()["components"]["device_ir"]
    assert render(component, {"up": True}) == "OFF"
    assert render(component, {"up": False, "cause": "silent"}) == "ON"


@pytest.mark.slow
def test_no_button_opens_a_door(tmp_path: Path) -> None:
    moved: list[str] = []
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        commands = CommandReceiver(
            CommandSettings(),
            "north",
            store,
            ManualClock(),
            lambda command: moved.append(command.name) or "",  # type: ignore[func-returns-value]
            buttons=["open", "hold", "normal", "sync"],
        )
        for name in ("open", "hold", "normal", "lockdown", "../open", ""):
            assert commands.press(name)["reason"] == "not_a_button"
        assert commands.press("sync")["result"] == "done"
        assert moved == ["sync"]
        for _ in range(40):
            last = commands.press("sync")
        assert last["reason"] == "too_many"
        assert len(moved) == 30
