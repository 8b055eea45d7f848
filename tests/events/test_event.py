"""The event itself: its schema, its id, and what must never be in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.access.decision import Decision, Method, Outcome, Person
from gate.access.request import Request
from gate.events.event import Event
from gate.events.redact import PERSONAL, REMOVED, redact
from gate.events.schema import event_schema
from gate.events.types import TYPES
from gate.events.uuid7 import uuid7
from gate.sensors.reading import Reading, Validity

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DOCS = Path(__file__).parent.parent.parent / "docs"


def faults(body: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event's body, one sentence each."""
    checker = Draft202012Validator(event_schema())
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(dict(body))]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(event_schema())


def test_every_type_is_documented_and_no_other() -> None:
    reported = re.findall(
        r"^\| `([a-z_]+\.[a-z_]+)` \| (.*) \|$", (DOCS / "events.md").read_text(), re.M
    )
    assert dict(reported) == TYPES


def test_a_full_decision_becomes_a_valid_event_without_a_name() -> None:
    request = Request(
        Method.FACE,
        Person(7, "a" * 32, name="李红"),
        NOON,
        reading=Reading(33.1, 21.0, 36.5, 5.0, "ir", Validity.VALID),
    )
    decision = Decision(Outcome.GRANT, "grant", request, ("welcome",))
    event = Event.of_decision(
        "north",
        NOON,
        decision,
        passage="p1",
        scores={"best": 3.0},
        versions={"encoder": "dlib/1"},
        latency=312.04,
        details={"name": "李红", "score": np.float32(0.5)},
    ).numbered(9)
    body = event.body()
    assert faults(body) == []
    assert body["type"] == "passage.granted"
    assert body["person"] == "a" * 32
    assert body["temperature"]["estimated"] == 36.5
    assert body["details"]["values"]["person"]["ref"] == "a" * 32
    assert (body["details"]["name"], body["details"]["score"]) == (REMOVED, 0.5)
    assert "李红" not in json.dumps(body, ensure_ascii=False)


def test_what_the_schema_forbids_is_noticed() -> None:
    body = Event.make("north", "gate.started", NOON).numbered(1).body()
    assert faults(body) == []
    assert faults({**body, "sequence": 0})
    assert faults({**body, "person": "李红"})
    assert faults({**body, "time": "2026-06-01 12:00"})


def test_ids_sort_by_time_and_are_version_7() -> None:
    ids = [uuid7(NOON + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"[0-9a-f-]{14}7[0-9a-f]{3}-[89ab].*", i) for i in ids)
    assert int(ids[0].replace("-", "")[:12], 16) == int(NOON.timestamp() * 1000)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(PERSONAL)), inner)
    ),
    max_leaves=20,
)


@given(anything)
@pytest.mark.slow
def test_redaction_always_gives_plain_json(value: object) -> None:
    json.dumps(redact(value), allow_nan=False)


@given(st.sampled_from(sorted(PERSONAL)), st.text(min_size=1))
def test_personal_values_are_taken_out_at_any_depth(key: str, secret: str) -> None:
    out = redact({"a": [{"b": {key.upper(): {"deep": secret}}}]})
    assert out == {"a": [{"b": {key.upper(): REMOVED}}]}
