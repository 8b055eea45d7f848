"""The page of exports, and a person's consent to them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from enroll.desk import Desk
from gate.clock import ManualClock
from gate.events.event import Event
from gate.exporting.exporter import Exporter
from gate.exporting.settings import ExportSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store

NOON = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(StoreSettings(ballast=0), tmp_path, receivers=("export:office",)) as store:
        yield store


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> ExportSettings:
    settings = ExportSettings.model_validate(
        {
            "name": "office",
            "mapping": "csv",
            "url": (tmp_path / "out").as_uri(),
            "purposes": ["report"],
            "kinds": ["passage"],
        }
    )
    desk.exports = (settings,)
    return settings


@pytest.mark.slow
def test_what_left_is_shown_by_field_and_hour_without_names(
    desk: Desk, office: ExportSettings, manager: Any
) -> None:
    store, clock = desk.store, ManualClock()  # the session at the desk goes on
    person = store.people.create("王芳")
    store.consents.record(person.id, "agreed", "1", purpose="export")
    exporter = Exporter(office, desk.gate, store, clock)
    for _ in range(2):
        store.events.append([Event.make(desk.gate, "passage.granted", NOON, person=person.ref)] * 1)
        asyncio.run(exporter.step())
        clock.advance(3600)
    page = manager.get("/exports").text
    assert "office" in page
    assert "Reports of the management" in page
    assert "passage 2" in page  # since the beginning
    assert page.count("passage 1") == 2  # two hours
    assert "name 1" in page
    assert "王芳" not in page


@pytest.mark.slow
def test_consent_is_asked_for_given_and_withdrawn(
    desk: Desk, office: ExportSettings, manager: Any
) -> None:
    person = desk.store.people.create("王芳", birth_year=1980)
    page = manager.get(f"/people/{person.id}").text
    assert "Ask whether data may go to platforms" in page
    wording = manager.get(f"/people/{person.id}/consent?purpose=export&language=en").text
    assert "What is never sent: a picture of you" in wording
    for answer in ("agreed", "withdrawn"):
        manager.fill(f"/people/{person.id}/consent", answer=answer, language="en", purpose="export")
        row = desk.store.consents.answer(person.id, "export")
        assert row is not None
        assert row.answer == answer
    assert desk.store.consents.answer(person.id) is None  # the face is another question


@pytest.mark.slow
def test_without_exports_nobody_is_asked(desk: Desk, manager: Any) -> None:
    person = desk.store.people.create("王芳")
    assert "platforms" not in manager.get(f"/people/{person.id}").text
    assert "Nothing is sent" in manager.get("/exports").text


@pytest.mark.slow
def test_the_desk_may_not_change_what_leaves(desk: Desk, manager: Any) -> None:
    assert manager.fill("/exports").status_code == 405
