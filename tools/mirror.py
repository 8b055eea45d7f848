"""Modules with a job of their own that have no test of their name: ``python tools/mirror.py``.

A module of gate/relay/driver.py has its test in tests/relay/test_driver.py. Those under 40 lines
of code, and settings, texts and migrations, need none.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FEWEST = 40
WITHOUT = {"settings", "__init__", "__main__"}


def has_a_job(file: Path) -> bool:
    if file.stem in WITHOUT or "migrations" in file.parts:
        return False
    tree = ast.parse(file.read_text("utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return bool(functions) and len(file.read_text("utf-8").splitlines()) >= FEWEST


def without_test() -> list[str]:
    """Paths of the modules, relative to the checkout."""
    missing = []
    for file in sorted((ROOT / "gate").rglob("*.py")):
        inside = file.relative_to(ROOT / "gate")
        places = [
            ROOT / "tests" / inside.parent / f"test_{inside.stem}{ending}.py"
            for ending in ("", "_command")
        ]
        if has_a_job(file) and not any(place.is_file() for place in places):
            missing.append(str(file.relative_to(ROOT)))
    return missing


if __name__ == "__main__":
    print(*without_test(), sep="\n")
