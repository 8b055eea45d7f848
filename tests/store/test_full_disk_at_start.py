"""A disk that was full before the gate started: the room kept back lets it start all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.small_disk import mounted
from tests.waiting import PATIENCE

SETTINGS = StoreSettings(ballast=2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    with mounted(tmp_path / "disk", "12m") as where:
        yield where


def test_the_gate_starts_and_writes_on_a_disk_that_is_full(disk: Path) -> None:
    with Store.open(SETTINGS, disk) as store:
        store.writer.record(Event.make("north", "gate.started", datetime.now(UTC))).result(PATIENCE)
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with Store.open(SETTINGS, disk) as store:
        event = Event.make("north", "gate.started", datetime.now(UTC))
        assert store.writer.record(event).result(PATIENCE).sequence == 2
