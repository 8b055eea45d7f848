from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.store.settings import StoreSettings
from gate.store.store import Store


@pytest.fixture
def settings() -> StoreSettings:
    return StoreSettings(ballast=0, busy_timeout=0.3)


@pytest.fixture
def store(tmp_path: Path, settings: StoreSettings) -> Iterator[Store]:
    with Store.open(settings, tmp_path, receivers=("mqtt",)) as opened:
        yield opened
