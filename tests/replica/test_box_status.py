"""What a box reports of itself is what its register and its disk hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate import __version__
from gate.events.event import Event
from gate.replica.box_status import box_status
from gate.services import gate_status
from gate.store.settings import StoreSettings
from gate.store.store import HUB, Store


def test_counts_devices_and_the_clock_are_those_of_the_box(tmp_path: Path) -> None:
    things = {"door": {"state": "closed"}}
    before = datetime.now(UTC)
    with Store.open(StoreSettings(ballast=0), tmp_path / "data", receivers=(HUB,)) as store:
        store.people.create("李红")
        with store.database.write() as session:
            gate_status.put_in(session, "north", before, things)
        store.events.append([Event.make("north", "gate.started", before)])
        status = box_status(store, "north", tmp_path / "data" / "not" / "made yet")
    assert status["version"] == __version__
    assert before <= datetime.fromisoformat(status["clock"]) <= before + timedelta(minutes=10)
    assert (status["outbox"], status["people"], status["templates"]) == (1, 1, {})
    assert status["things"] == things
    assert status["disk"] > 0
