"""A register to import into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        yield store
