"""Registers that earlier versions of the gate wrote, opened by this one: nothing is lost.

fixtures/registers/SCHEMA.sql was written by the code of that time (tools/old_register.py).
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from gate.events.event import Event
from gate.store.migrate import is_behind
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tools.old_register import EVENTS, PEOPLE, vector

FOLDER = Path(__file__).parents[2] / "fixtures" / "registers"
VERSIONS = Path(__file__).parents[2] / "gate" / "store" / "migrations" / "versions"
SCHEMAS = sorted(path.stem for path in FOLDER.glob("*.sql"))


NEVER_RELEASED = "0003"  # completed after the first registers of it; no version left one behind


def test_there_is_one_of_every_schema() -> None:
    made = sorted(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))
    made.remove(NEVER_RELEASED)
    assert made == SCHEMAS, "see tools/old_register.py"


@pytest.fixture(params=SCHEMAS)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    schema = request.param
    with sqlite3.connect(tmp_path / "gate.db") as raw:
        raw.executescript((FOLDER / f"{schema}.sql").read_text())
    raw.close()
    key = tmp_path / "gate.key"
    key.write_bytes((FOLDER / f"{schema}.hex").read_bytes())
    key.chmod(0o600)
    return tmp_path


@pytest.mark.slow
def test_people_faces_cards_events_and_audit_are_whole(data: Path) -> None:
    with Store.open(StoreSettings(ballast=0), data, receivers=("mqtt",), create=False) as store:
        assert not is_behind(store.database)
        assert sorted(person.name for person in store.people.find()) == sorted(PEOPLE[:2])
        loaded = store.templates.of([1, 2, 3], "test/1")
        assert [template.person for template in loaded] == [1, 2]
        for template in loaded:
            np.testing.assert_array_equal(template.vector, vector(template.person - 1))
        found = store.credentials.find("card", "1001")
        assert found is not None
        assert found.person.id == 2
        assert store.credentials.find("card", "1002") is None
        events = [row.body["type"] for row in store.events.passage("p-1")]
        assert sorted(events) == sorted(EVENTS)
        waiting = store.outbox.next("north", "mqtt")
        assert [body["type"] for body in waiting] == list(EVENTS)
        assert store.audit.verify() == []
        assert [line.action for line in store.audit.lines()].count("person.created") == 3
        assert store.key_values.get("note") == {"kept": True}


@pytest.mark.slow
def test_life_goes_on(data: Path) -> None:
    with Store.open(StoreSettings(ballast=0), data, receivers=("mqtt",), create=False) as store:
        new = store.people.create("赵丽")
        store.credentials.add(new.id, "card", "7777")
        store.audit.note("wang", "person.created", new.ref)
        assert store.audit.verify() == []
        written = store.events.append([Event.make("north", "gate.started", datetime.now(UTC))])
        assert written[0].sequence == len(EVENTS) + 1
        store.people.delete(1)
    with Store.open(StoreSettings(ballast=0), data, create=False) as store:
        assert sorted(p.name for p in store.people.find()) == sorted([PEOPLE[1], "赵丽"])
        assert store.credentials.find("card", "1000") is None
