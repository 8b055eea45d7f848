from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.replica import link
from tests.hub.fleet import Fleet, fleet_of
from tests.waiting import PATIENCE


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub on a busy machine is no lost hub; one that is away refuses connections at once."""
    monkeypatch.setattr(link, "_CONNECT", PATIENCE)
    monkeypatch.setattr(link, "_READ", PATIENCE)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A hub on SQLite."""
    with fleet_of(tmp_path) as made:
        yield made


@pytest.fixture
def postgresql_fleet(tmp_path: Path, postgresql: str) -> Iterator[Fleet]:
    """A hub on PostgreSQL."""
    with fleet_of(tmp_path, postgresql) as made:
        yield made
