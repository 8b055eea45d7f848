"""Shared by the tests of the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.doctor.looking import FIXTURES


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Converted once for all of these tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def values(tmp_path: Path, models: Path) -> dict[str, Any]:
    """A box with nothing wrong but what tests break."""
    return {
        "name": "north",
        "data": str(tmp_path / "data"),
        "camera": [{"source": str(FIXTURES / "recordings" / "empty")}],
        "recognition": {"detector": "hog", "encoder": "dlib"},
        "models": {"folder": str(models)},
        "store": {"ballast": 0},
        "mqtt": {"enabled": False},
    }
