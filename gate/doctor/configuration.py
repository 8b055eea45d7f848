"""The configuration file: whether anything in it has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gate.config.settings import retired_keys
from gate.doctor.finding import Finding, Level

PART = "configuration"


def configuration(path: Path) -> Iterator[Finding]:
    """Keys of an earlier version that the file still has. Raises ConfigurationError."""
    retired = retired_keys(path)
    if retired:
        says = f"{path}: without effect in this version: {', '.join(retired)}"
        yield Finding(PART, Level.WARN, says, "delete these keys from the file; nothing changes")
    else:
        yield Finding(PART, Level.OK, str(path))
