"""The zone of the configuration is the one of the process, daylight saving included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import sys
from datetime import UTC, datetime
from gate.clock import use_zone
from enroll.page import local
for zone in sys.argv[1:]:
    use_zone(zone)
    for month in (1, 7):
        time = datetime(2026, month, 1, 12, tzinfo=UTC)
        print(zone, local(time), time.astimezone().isoformat())
"""


# noon in UTC, in winter and in summer
NOON = {
    "Asia/Shanghai": ("20:00:00+08:00", "20:00:00+08:00"),
    "Europe/Berlin": ("13:00:00+01:00", "14:00:00+02:00"),
    "America/St_Johns": ("08:30:00-03:30", "09:30:00-02:30"),
    "Australia/Lord_Howe": ("23:00:00+11:00", "22:30:00+10:30"),
}


@pytest.fixture(scope="module")
def shown() -> list[list[str]]:
    """Zone, what the desk shows and the time with its offset, from a process that is in UTC."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *NOON],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("zone", NOON)
def test_what_is_shown_is_in_the_zone_of_the_configuration(
    shown: list[list[str]], zone: str
) -> None:
    lines = [line for name, line in shown if name == zone]
    for line, wanted in zip(lines, NOON[zone], strict=True):
        assert line.endswith(wanted)
        assert wanted[:5] in line.rsplit(" ", 1)[0], "the desk shows the same"
