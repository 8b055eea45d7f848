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
use_zone(sys.argv[1])
for month in (1, 7):
    time = datetime(2026, month, 1, 12, tzinfo=UTC)
    print(local(time), time.astimezone().isoformat())
"""


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Asia/Shanghai", "20:00:00+08:00", "20:00:00+08:00"),
        ("Europe/Berlin", "13:00:00+01:00", "14:00:00+02:00"),
        ("America/St_Johns", "08:30:00-03:30", "09:30:00-02:30"),
        ("Australia/Lord_Howe", "23:00:00+11:00", "22:30:00+10:30"),
    ],
)
def test_what_is_shown_is_in_the_zone_of_the_configuration(
    zone: str, winter: str, summer: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW, zone],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    lines = done.stdout.splitlines()
    for line, wanted in zip(lines, (winter, summer), strict=True):
        assert line.endswith(wanted)
        assert wanted[:5] in line.rsplit(" ", 1)[0], "the desk shows the same"
