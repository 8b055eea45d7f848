"""The JSON Schema of events, version 1, and the check of an event against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def event_schema() -> dict[str, Any]:
    """The schema as shipped: gate/events/event-1.schema.json."""
    text = resources.files("gate.events").joinpath("event-1.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def faults(body: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event's body, one sentence each."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator(
        event_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(dict(body))]
