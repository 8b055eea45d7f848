"""A database put back from a backup reuses numbers; receivers still get each of its events."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gate.events.event import Event
from gate.store import mark
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"


def documented_receiver() -> Any:
    source = re.search(r"```python\n(.*?)```", (DOCS / "mqtt.md").read_text(), re.S)
    assert source is not None
    names: dict[str, Any] = {}
    exec(source[1], names)
    return names["Receiver"]


def write(store: Store, count: int) -> list[Event]:
    now = datetime.now(UTC)
    return [
        store.writer.record(Event.make("north", "gate.started", now)).result(PATIENCE)
        for _ in range(count)
    ]


@pytest.mark.slow
def test_the_documented_receiver_gets_every_event_of_a_restored_box(
    tmp_path: Path, settings: StoreSettings
) -> None:
    data = tmp_path / "data"
    with Store.open(settings, data) as store:
        sent = write(store, 3)
        store.database.backup(tmp_path / "backup.db")
        sent += write(store, 4)
    for name in ("gate.db-wal", "gate.db-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "backup.db", data / "gate.db")
    with Store.open(settings, data) as store:
        sent += write(store, 5)
    numbers = [event.sequence for event in sent]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8], "the restored box reuses numbers"
    arrived: list[dict[str, Any]] = []
    receiver = documented_receiver()(
        tmp_path / "receiver.db", lambda event, db: arrived.append(event)
    )
    for event in [*sent, *sent]:  # twice: what is sent again is still dropped
        receiver.on_message(None, None, SimpleNamespace(payload=json.dumps(event.body())))
    assert [event["id"] for event in arrived] == [event.id for event in sent]


def test_an_orderly_restart_begins_no_new_series(tmp_path: Path, settings: StoreSettings) -> None:
    with Store.open(settings, tmp_path) as store:
        first = write(store, 2)[-1]
    with Store.open(settings, tmp_path) as store:
        again = write(store, 1)[-1]
    assert (again.epoch, again.sequence) == (first.epoch, 3)


def test_a_restored_series_is_above_one_begun_by_a_clock_ahead(
    tmp_path: Path, settings: StoreSettings
) -> None:
    with Store.open(settings, tmp_path) as store:
        write(store, 1)
    ahead = 4_000_000_000
    mark.path_of(tmp_path / "gate.db").write_text(json.dumps({"north": [ahead, 9]}))
    with Store.open(settings, tmp_path) as store:
        assert write(store, 1)[0].epoch == ahead + 1


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"north": 1}', '{"north": ["x", 2]}'])
def test_a_damaged_mark_stops_nothing(tmp_path: Path, settings: StoreSettings, text: str) -> None:
    Store.open(settings, tmp_path).close()
    mark.path_of(tmp_path / "gate.db").write_text(text)
    Store.open(settings, tmp_path).close()


def test_the_epoch_is_in_the_body(tmp_path: Path, settings: StoreSettings) -> None:
    with Store.open(settings, tmp_path) as store:
        event = write(store, 1)[0]
        assert store.events.series() == {"north": (event.epoch, 1)}
    assert event.body()["epoch"] == event.epoch
