"""The same repository on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from gate.errors import StoreError
from gate.events.event import Event
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import Base
from tests.waiting import PATIENCE


@pytest.mark.slow
def test_the_whole_way_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    settings = StoreSettings.model_validate({"url": postgresql})
    vector = np.random.default_rng(0).normal(size=128).astype(np.float32)
    with Store.open(settings, tmp_path, receivers=("mqtt",)) as store:
        with store.database.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, Base.metadata) == []
        person = store.people.create("李红", groups=["garden"]).id
        store.templates.add(Template(person, vector, "dlib/1"))
        assert np.array_equal(store.templates.load("dlib/1").vectors[0], vector)
        store.credentials.add(person, "card", "0012345678")
        assert store.credentials.find("card", "0012345678")
        now = datetime.now(UTC)
        futures = [
            store.writer.record(Event.make("north", "gate.started", now)) for _ in range(300)
        ]
        assert [future.result(PATIENCE).sequence for future in futures] == list(range(1, 301))
        store.outbox.delivered("north", "mqtt", [1, 2])
        assert store.outbox.again("north", "mqtt", 1, 2) == 2
        store.audit.note("clerk", "person.view")
        store.audit.note("clerk", "person.change")
        assert store.audit.verify() == []
        with (
            pytest.raises(StoreError, match="written once"),
            store.database.write() as session,
        ):
            session.execute(text("UPDATE events SET decision = 'grant'"))
        assert store.people.delete(person)
        assert store.templates.count() == {}
