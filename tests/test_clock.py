"""The zone of the configuration is the one of the process, daylight saving included."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest

from enroll.page import local
from gate.clock import use_zone
from tests import warm


def show(zones: list[str]) -> list[tuple[str, str]]:
    """In a process of its own, which is in UTC: zone, what the desk shows and the offset."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    found = []
    for zone in zones:
        use_zone(zone)
        for month in (1, 7):
            noon = datetime(2026, month, 1, 12, tzinfo=UTC)
            found.append((zone, f"{local(noon)} {noon.astimezone().isoformat()}"))
    return found


# noon in UTC, in winter and in summer
NOON = {
    "Asia/Shanghai": ("20:00:00+08:00", "20:00:00+08:00"),
    "Europe/Berlin": ("13:00:00+01:00", "14:00:00+02:00"),
    "America/St_Johns": ("08:30:00-03:30", "09:30:00-02:30"),
    "Australia/Lord_Howe": ("23:00:00+11:00", "22:30:00+10:30"),
}


@pytest.fixture(scope="module")
def shown() -> list[tuple[str, str]]:
    return warm.call(show, list(NOON))


@pytest.mark.slow
@pytest.mark.parametrize("zone", NOON)
def test_what_is_shown_is_in_the_zone_of_the_configuration(
    shown: list[tuple[str, str]], zone: str
) -> None:
    lines = [line for name, line in shown if name == zone]
    for line, wanted in zip(lines, NOON[zone], strict=True):
        assert line.endswith(wanted)
        assert wanted[:5] in line.rsplit(" ", 1)[0], "the desk shows the same"
