"""The configuration file: whether anything in it has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gate.config.settings import outdated
from gate.doctor.finding import Finding, Level

PART = "configuration"


def configuration(path: Path) -> Iterator[Finding]:
    """Keys of an earlier version that the file still has. Raises ConfigurationError."""
    found = outdated(path)
    says = [
        *([f"without effect in this version: {', '.join(found.retired)}"] if found.retired else []),
        *([f"moved to [advanced]: {', '.join(found.moved)}"] if found.moved else []),
    ]
    if says:
        hint = "`gate config upgrade` rewrites the file; nothing else changes"
        yield Finding(PART, Level.WARN, f"{path}: {'; '.join(says)}", hint)
    else:
        yield Finding(PART, Level.OK, str(path))
