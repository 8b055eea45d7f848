"""A box with nothing wrong, and what the doctor finds once a test has broken something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gate.config.settings import Settings, build
from gate.doctor import PARTS, Finding, Level, examine
from tests.waiting import wait_for

FIXTURES = Path(__file__).parents[2] / "fixtures"


def look(part: str, values: dict[str, Any]) -> Finding:
    """The worst finding of one part."""
    found = findings(part, build(values))
    return max(found, key=lambda finding: finding.level)


def findings(part: str, settings: Settings) -> list[Finding]:
    only = {part: PARTS[part]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gate.doctor.PARTS", only)
        return list(examine(settings))


def found_at_last(
    part: str, values: dict[str, Any], fits: Callable[[list[Finding]], bool]
) -> list[Finding]:
    """The findings once they fit: a busy machine may keep a simulated device from answering in the
    fraction of a second it has, and the doctor looks again.
    """

    def looked() -> list[Finding]:
        found = findings(part, build(values))
        return found if fits(found) else []

    return wait_for(looked)


def level_of(found: list[Finding]) -> Level:
    """The worst."""
    return max(finding.level for finding in found)
