"""A box with nothing wrong, and what the doctor finds once a test has broken something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.config.settings import Settings, build
from gate.doctor import PARTS, Finding, examine

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
