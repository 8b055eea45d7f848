"""Mutation by hand: takes one condition away at a time and reports those no test misses.

    python tools/mutate.py gate/passage/step.py gate/passage/serve.py -- tests/passage/test_step.py

Every ``if`` and every ``case`` is made never true, every conditional expression takes its other
branch, every operand of ``and`` and ``or`` and every field of a ``replace(...)`` is taken away, one
at a time, in a copy of the tree. The tests named after ``--`` run for each; a mutant they pass is
printed as a survivor. Exit code 1 when there is one.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2  # noqa: F401 (loaded once for all mutants, as are the next)
import hypothesis  # noqa: F401
import numpy as np  # noqa: F401
import pydantic  # noqa: F401
import pytest
import sqlalchemy  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]


class _Change(ast.NodeTransformer):
    """Applies change number ``wanted`` and counts all."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count, self.what = wanted, 0, ""

    def _now(self, node: ast.AST, what: str) -> bool:
        self.count += 1
        if self.count - 1 != self.wanted:
            return False
        self.what = f"line {getattr(node, 'lineno', '?')}: {what}"
        return True

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._now(node, f"if {ast.unparse(node.test)} → never"):
            node.test = ast.copy_location(ast.Constant(False), node.test)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        for index, operand in enumerate(node.values):
            if self._now(node, f"{ast.unparse(node)} without {ast.unparse(operand)}"):
                rest = [v for i, v in enumerate(node.values) if i != index]
                return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        self.generic_visit(node)
        if self._now(node.pattern, f"case {ast.unparse(node.pattern)} → never"):
            node.guard = ast.Constant(False)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        for branch, name in ((node.orelse, "never"), (node.body, "always")):
            if self._now(node, f"{ast.unparse(node)} with its condition {name} true"):
                return branch
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "replace":
            for index, keyword in enumerate(node.keywords):
                if self._now(node, f"{ast.unparse(node)} without {keyword.arg}"):
                    node.keywords = node.keywords[:index] + node.keywords[index + 1 :]
                    break
        return node


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """What was changed, and the source with it."""
    number = 0
    while True:
        change = _Change(number)
        tree = ast.fix_missing_locations(change.visit(ast.parse(source)))
        if not change.what:
            return
        yield change.what, ast.unparse(tree)
        number += 1


def _passes(folder: Path, tests: list[str]) -> bool:
    """Whether the tests pass in ``folder``; in a fork, so that libraries are loaded once."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    options = ["-q", "-x", "-p", "no:cacheprovider", "--timeout", "60"]
    os._exit(int(pytest.main([*options, *tests])))


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if "--" not in arguments:
        print(__doc__)
        return 2
    split = arguments.index("--")
    files, tests = arguments[:split], arguments[split + 1 :]
    survivors = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("gate", "tests", "docs", "pyproject.toml"):
            place = ROOT / name
            if place.is_dir():
                shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(place, copy / name)
        (copy / "fixtures").symlink_to(ROOT / "fixtures")
        for file in files:
            whole = (ROOT / file).read_text("utf-8")
            for what, source in mutants(whole):
                tried += 1
                (copy / file).write_text(source, "utf-8")
                if _passes(copy, tests):
                    survivors += 1
                    print(f"survives  {file} {what}", flush=True)
            (copy / file).write_text(whole, "utf-8")
    print(f"{tried} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
