"""What doctor says of backups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.doctor.backups import OLDEST, judged
from gate.doctor.finding import Level

NOW = datetime(2026, 11, 28, tzinfo=UTC)
DATA = Path("/var/lib/gate")


@pytest.mark.parametrize(
    ("age", "folder", "level", "says"),
    [
        (timedelta(days=1), "/mnt/stick", Level.OK, "2026-11-27"),
        (OLDEST, "/mnt/stick", Level.OK, "2026-11-20"),
        (OLDEST + timedelta(seconds=1), "/mnt/stick", Level.WARN, "8 days old"),
        (timedelta(days=1), "/var/lib/gate/backups", Level.WARN, "own disk"),
    ],
)
def test_old_ones_and_those_on_the_same_disk_are_not_enough(
    age: timedelta, folder: str, level: Level, says: str
) -> None:
    found = judged({"made": (NOW - age).isoformat(), "folder": folder}, DATA, NOW)
    assert found.level is level
    assert says in found.says


def test_none_at_all_is_reported_with_what_to_do() -> None:
    found = judged(None, DATA, NOW)
    assert found.level is Level.WARN
    assert "gate backup" in found.hint
