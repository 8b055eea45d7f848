"""The configuration file: whether anything in it has no effect, or cannot be together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gate.config.clash import Clash
from gate.config.settings import Settings, outdated
from gate.config.together import clashes
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


def together(settings: Settings) -> Iterator[Finding]:
    """Keys that do not go together, without those that are found where the device is looked at."""
    return (found(PART, clash) for clash in clashes(settings, whole=False))


def found(part: str, clash: Clash) -> Finding:
    return Finding(part, Level.BAD if clash.bad else Level.WARN, clash.says, clash.hint)
