"""A mark beside an SQLite database: how far its events had come.

A database put back by hand, without ``gate restore``, is behind its mark; its events then begin a
new epoch, for it would give numbers again that receivers have seen.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from gate import files
from gate.store.events import Events

log = logging.getLogger(__name__)


def path_of(database: Path) -> Path:
    return database.with_suffix(".mark")


def write(database: Path, events: Events) -> None:
    """Replace the mark. A disk without room for it keeps the old one: only a hint is lost."""
    try:
        files.replace(path_of(database), json.dumps(events.series()).encode(), 0o600)
    except OSError as error:
        log.warning("store.mark", extra={"cause": str(error)})


def check(database: Path, events: Events) -> bool:
    """Raise the epoch if the database is behind its mark. Whether it was."""
    try:
        kept = json.loads(path_of(database).read_text())
        known = {str(gate): (int(epoch), int(last)) for gate, (epoch, last) in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return False  # a new database, or a mark cut off by a power cut
    present = events.series()
    behind = any(present.get(gate, (0, 0)) < mark for gate, mark in known.items())
    if behind:
        log.warning("store.restored", extra={"cause": "the database is older than its mark"})
        events.new_epoch(above=max(epoch for epoch, _ in known.values()))
    return behind
