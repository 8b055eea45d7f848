"""What a stolen box says of itself takes no page of the desk down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gate.errors import StoreError
from gate.events.event import Event
from gate.hub.intake import Intake
from gate.hub.overview import overview
from gate.hub.status import reported
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.hub.fleet import Fleet
from tests.waiting import PATIENCE

GOOD: dict[str, Any] = {
    "version": "1.0",
    "clock": "2027-01-01T00:00:00+00:00",
    "outbox": 3,
    "disk": 1,
    "people": 2,
    "loading": {"done": 1, "of": 7_000},
    "templates": {"e/1": 2},
    "things": {
        "gate": {"software": "1.0", "faults": ["relay.board"], "label": "东" * 40},
        "door": {"state": "locked", "locked": True, "open": None},
        "mode": {"mode": "normal", "until": None},
        "gallery": {"people": 2},
        "encoder": {"encoder": "e/1", "fit": ""},
        "liveness": {"mode": "required", "active": "required: minifasnet-v1se"},
        "device/main": {"up": True, "family": "camera"},
        "of a later version": {"anything": 1},
    },
    "cameras": {"main": {"people": 1, "usable": 1.0, "light": None, "reason": ""}},
    "configuration": {"digest": "", "state": "running", "fetching": {"done": 1, "of": 2}},
}


def test_what_boxes_report_is_taken_as_it_comes() -> None:
    for said in (GOOD, {}, {**GOOD, "of a later version": [1]}):
        assert reported(said) is said


@pytest.mark.parametrize(
    "changed",
    [
        {"clock": "yesterday"},
        {"clock": "2027-01-01T00:00:00"},
        {"clock": "9999-12-31T23:59:59+00:00"},
        {"outbox": "many"},
        {"people": {}},
        {"loading": {"done": "most"}},
        {"loading": {"done": -1, "of": 1}},
        {"cameras": 5},
        {"cameras": {"main": {"people": 1, "usable": "x"}}},
        {"cameras": {"main": {"people": 1, "light": float("nan")}}},
        {"configuration": 5},
        {"configuration": {"fetching": {"done": "x", "of": 1}}},
        {"things": 5},
        {"things": {"door": 5}},
        {"things": {"door": {}}},
        {"things": {"mode": {"mode": "normal", "until": "x"}}},
        {"things": {"gate": {"faults": [5]}}},
        {"things": {"gate": {"label": 5}}},
        {"things": {"gate": {"label": "x" * 41}}},
        {"things": {"gallery": {"people": "x"}}},
        {"things": {"liveness": {"mode": 5}}},
        {"things": {"liveness": {"active": "x" * 1001}}},
        {"things": {"device/main": {}}},
        {"things": {f"device/{number}": {"up": True, "family": "x"} for number in range(501)}},
    ],
)
def test_a_report_that_would_break_a_page_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        reported({**GOOD, **changed})


@pytest.mark.parametrize("disk", [float("nan"), float("inf"), "\0", {"\0": 1}])
def test_a_report_no_database_keeps_is_refused(disk: object) -> None:
    with pytest.raises(ValueError, match="null character|not JSON compliant"):
        reported({**GOOD, "disk": disk})


@pytest.mark.slow
def test_a_stolen_box_cannot_hide_the_page_on_which_it_is_shut_out(fleet: Fleet) -> None:
    box = fleet.box("north", start=False)
    identity = Identity.of(box.store, folder_of(box.data))
    assert identity is not None
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("beat", {"cursor": 0, "scope": 0, "status": GOOD}, 200),
        ("beat", {"cursor": 0, "scope": 0, "status": {"clock": "x", "things": {"door": 5}}}, 422),
        # the beats and receipts of many boxes share a transaction: none may spoil it
        ("beat", {"cursor": 2**70, "scope": 0, "status": GOOD}, 422),
        ("beat", {"cursor": 0, "scope": 2**70, "status": GOOD}, 422),
        ("beat", {"cursor": 0, "scope": 0, "status": {**GOOD, "disk": "\0"}}, 422),
        ("receipt", {"orders": {"1 2027-01-01T00:00:00+00:00": "done"}}, 200),
        ("receipt", {"orders": {"x": "done"}}, 422),
        ("receipt", {"orders": {"9" * 30: "done"}}, 422),
        ("receipt", {"orders": {"1": "\0"}}, 422),
    ]
    kind = {"content-type": "application/json"}
    with httpx.Client(
        verify=identity.tls(), headers=kind, trust_env=False, timeout=PATIENCE
    ) as thief:
        for path, said, answer in cases:
            given = thief.post(f"{fleet.server.url}/{path}", content=json.dumps(said))
            assert given.status_code == answer, said
    assert [line.box for line in overview(fleet.store, datetime.now(UTC))] != [""]


@pytest.mark.parametrize(
    "changed",
    [
        {"details": "x"},
        {"details": [1]},
        {"reasons": 5},
        {"reasons": "abc"},
        {"method": 5},
        {"person": []},
        {"scores": "x"},
        {"temperature": 5},
        {"latency": "x"},
    ],
)
def test_an_event_no_page_could_show_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    event = Event.make("north", "camera.lost", datetime.now(UTC), details={"device": "main"})
    body = event.numbered(1, 7).body()
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        intake = Intake(store)
        with pytest.raises(StoreError, match="no event of this gate"):
            intake.take("north", 7, 1, [{**body, **changed}])
        assert intake.take("north", 7, 1, [body]).new == 1
