"""The JSON Schema of events, version 1, as shipped."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def event_schema() -> dict[str, Any]:
    """gate/events/event-1.schema.json."""
    text = resources.files("gate.events").joinpath("event-1.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
