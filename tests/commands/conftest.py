"""A box whose own zone is UTC, whatever the machine of the tests has."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def zone_of_the_box() -> Iterator[None]:
    """UTC; what a command makes of it ends with the test."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()
