"""Modules with a job of their own that have no test of their name: ``python tools/mirror.py``.

A module of gate/relay/driver.py has its test in tests/relay/test_driver.py. Those under 40 lines
of code, and settings, texts and migrations, need none. Of the others each is imported by a test of
another name, or is listed in tests/mirror.toml with the test that runs it; ``python tools/mirror.py
--unlisted`` prints those for which neither holds, and tests/test_mirror.py fails for them.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FEWEST = 40
WITHOUT = {"settings", "__init__", "__main__"}
LIST = ROOT / "tests" / "mirror.toml"


def has_a_job(file: Path) -> bool:
    if file.stem in WITHOUT or "migrations" in file.parts:
        return False
    text = file.read_text("utf-8")
    functions = any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(text)))
    return functions and len(text.splitlines()) >= FEWEST


@cache
def without_test() -> tuple[str, ...]:
    """Paths of the modules, relative to the checkout."""
    missing = []
    for file in sorted((ROOT / "gate").rglob("*.py")):
        inside = file.relative_to(ROOT / "gate")
        places = [
            ROOT / "tests" / inside.parent / f"test_{inside.stem}{ending}.py"
            for ending in ("", "_command")
        ]
        if not any(place.is_file() for place in places) and has_a_job(file):
            missing.append(str(file.relative_to(ROOT)))
    return tuple(missing)


@cache
def imported_by_tests() -> frozenset[str]:
    """Every module that a test imports something of."""
    found: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def imported_nowhere() -> list[str]:
    """Modules without a test of their name that no test of another name imports either."""
    names = {file: file.removesuffix(".py").replace("/", ".") for file in without_test()}
    return [file for file, name in names.items() if name not in imported_by_tests()]


def listed() -> dict[str, str]:
    """Module → the test that runs it through something else."""
    given: dict[str, dict[str, str]] = tomllib.loads(LIST.read_text("utf-8"))
    return {module: test for modules in given.values() for module, test in modules.items()}


def unlisted() -> list[str]:
    return [file for file in imported_nowhere() if file not in listed()]


if __name__ == "__main__":
    print(*(unlisted() if "--unlisted" in sys.argv else without_test()), sep="\n")
