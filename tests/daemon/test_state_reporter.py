"""The states a gate publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gate.access.request import Mode
from gate.config.settings import Settings
from gate.daemon.state_reporter import EVERY, StateReporter
from gate.door.state import Phase
from gate.hub.status import reported
from gate.services.gate_status import labels
from gate.store.key_value import KeyValueStore


def core_of(faults):
    door = SimpleNamespace(phase=Phase.LOCKED, released=False, open=False, tamper=False)
    loop = SimpleNamespace(
        controller=SimpleNamespace(state=door),
        faults=faults,
        lane=SimpleNamespace(mode=Mode.NORMAL, until=None),
    )
    matcher = SimpleNamespace(encoder="dlib/1", version="f")
    return SimpleNamespace(
        loop=loop,
        recogniser=SimpleNamespace(matcher=matcher),
        known=SimpleNamespace(enrolled=3),
    )


def test_a_state_is_published_when_it_has_changed_and_the_gate_reports_its_label():
    published = []
    settings = Settings(name="east", label="东门")
    states = StateReporter(settings, [lambda thing, value: published.append((thing, value))])
    states.report(core_of(set()), 0.0)
    first = dict(published)
    assert first["gate"]["label"] == "东门"
    states.report(core_of(set()), EVERY)
    assert len(published) == len(first)
    states.report(core_of({"relay.board"}), 2 * EVERY)
    assert [(thing, value["faults"]) for thing, value in published[len(first) :]] == [
        ("gate", ["relay.board"])
    ]


def test_the_desk_finds_the_labels_among_what_gates_report(store):
    values: KeyValueStore = store.key_values
    for gate, state in (("east", {"label": "东门"}), ("west", {"label": ""}), ("old", {})):
        values.set(f"state.{gate}", {"at": "", "things": {"gate": state}})
    values.set("stately", {"things": {"gate": {"label": "x"}}})
    assert labels(values) == [("east", "东门")]


@pytest.mark.parametrize("mode", ["off", "warn", "required"])
def test_the_hub_takes_what_a_gate_says_of_itself(mode: str) -> None:
    """A state that the hub refuses would end every beat of the box."""
    said: dict[str, object] = {}
    readings = {"policy": "record", "driver": "mcu90640"}
    settings = Settings(
        liveness={"mode": mode},
        temperature=readings,
        camera=[{"name": "main"}, {"name": "side"}],
        reader=[{"name": "door"}],
    )
    core = core_of({"reader.door", "camera.side"})
    core.loop.lane.mode, core.loop.lane.until = Mode.HELD_OPEN, datetime.now(UTC)
    StateReporter(settings, [said.__setitem__]).report(core, 0.0)
    assert said["liveness"]["mode"] == mode
    assert {"gate", "door", "mode", "device/side", "device/temperature"} <= said.keys()
    status = {"things": said}
    assert reported(status) is status
