from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.exporting.settings import ExportSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.exporting.receiving import RECEIVER, Host, Platform
from tests.waiting import PATIENCE


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def host(platform: Platform) -> Iterator[Host]:
    made = Host(platform)
    made.up()
    yield made
    made.down()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    settings = StoreSettings(ballast=0)
    with Store.open(settings, tmp_path / "data", receivers=(RECEIVER,)) as opened:
        yield opened


@pytest.fixture
def settings_for(platform: Platform) -> Callable[..., ExportSettings]:
    def make(**changed: Any) -> ExportSettings:
        values = {
            "name": "site",
            "url": changed.pop("url", platform.url),
            "purposes": ("operation",),
            "timeout": PATIENCE,
            "retry_most": 0.1,
            "batch": 7,
        }
        return ExportSettings.model_validate(values | changed)

    return make
