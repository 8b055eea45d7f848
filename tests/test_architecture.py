"""Arrows of import run one way only; see docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# folder → what it must not import
DEVICES = {"relay", "events", "readers", "sensors", "camera"}
OUTSIDE = {"sqlalchemy", "serial", "paho", "time", "pymodbus", "gpiozero"}
FORBIDDEN: dict[str, set[str]] = {
    "gate": {"enroll"},
    "gate/relay": {f"gate.{d}" for d in DEVICES - {"relay"}},
    "gate/events": {f"gate.{d}" for d in DEVICES - {"events"}},
    "gate/readers": {f"gate.{d}" for d in DEVICES - {"readers"}},
    "gate/sensors": {f"gate.{d}" for d in DEVICES - {"sensors"}},
    "gate/camera": {f"gate.{d}" for d in DEVICES - {"camera"}},
    "gate/recognition": {"gate.store", "gate.relay", "gate.events", "gate.clock", *OUTSIDE},
    "gate/access": {"gate.store", "gate.relay", "gate.events", "sqlalchemy", "serial", "paho"},
}
# the one file of each folder whose work is with files and processes
SHELLS = {"gate/commands/desk.py"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_run_one_way(folder: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        if str(file.relative_to(ROOT)) not in SHELLS
        for name in sorted(imported(file))
        for taboo in FORBIDDEN[folder]
        if name == taboo or name.startswith(taboo + ".")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rule_would_notice() -> None:
    assert "gate.errors" in imported(ROOT / "gate" / "settings.py")
    assert all((ROOT / folder).is_dir() for folder in FORBIDDEN)
