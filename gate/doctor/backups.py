"""Whether the box could be made again from a backup that is not too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.backup.archive import NEWEST
from gate.config.settings import Settings
from gate.doctor.finding import Finding, Level
from gate.store.store import Store

OLDEST = timedelta(days=8)  # a weekly backup, and a day to notice that one is missing
PART = "backup"
_HINT = "run `gate backup FOLDER` on another disk, and let gate-backup.timer do it from then on"


def backups(settings: Settings) -> Iterator[Finding]:
    """The newest backup that was read back after writing."""
    if not (settings.data / settings.store.key).exists():
        yield Finding(PART, Level.OK, "nothing to back up yet")
        return
    with Store.open(settings.store, settings.data, create=False) as store:
        newest = store.key_values.get(NEWEST)
    yield judged(newest, settings.data, datetime.now(UTC))


def judged(newest: dict[str, object] | None, data: Path, now: datetime) -> Finding:
    """What is to be said of the newest verified backup; None: there is none. Pure."""
    if newest is None:
        return Finding(PART, Level.WARN, "there is no backup", _HINT)
    made = datetime.fromisoformat(str(newest["made"]))
    folder = str(newest["folder"])
    says = f"the newest verified backup is of {made:%Y-%m-%d}, in {folder}"
    if now - made > OLDEST:
        days = (now - made).days
        return Finding(PART, Level.WARN, f"{says}: {days} days old", _HINT)
    if "://" not in folder and Path(folder).resolve().is_relative_to(data.resolve()):
        return Finding(PART, Level.WARN, f"{says}: on the gate's own disk", _HINT)
    return Finding(PART, Level.OK, says)
