"""The product's source as syntax trees, each file parsed and walked once in a process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@cache
def files(*folders: str) -> tuple[Path, ...]:
    """The Python files below these folders of the checkout."""
    return tuple(file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, the outer before the inner."""
    return tuple(ast.walk(tree(file)))


def imports(file: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import, inside functions too; expressions hold none, so they are not walked."""
    waiting: list[ast.AST] = [ast.parse(file.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, ())
            if isinstance(inner, list):  # the body of a lambda is an expression
                waiting += inner


@cache
def calls(file: Path) -> tuple[ast.Call, ...]:
    return tuple(node for node in nodes(file) if isinstance(node, ast.Call))


def name_of(node: ast.expr) -> str:
    """``a.b`` of a call of ``a.b``; of anything else than names with dots, its last part."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def strings(file: Path) -> Iterator[str]:
    """Every string constant."""
    for node in nodes(file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
