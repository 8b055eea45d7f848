"""The mutants of a module, and what became of each in the last run; see tools/mutate.py."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """What was changed, in which function and line, and the source with it."""

    function: str
    line: int
    change: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.function}: {self.change}"


# a limit that belongs to the other side, and the opposite of what cannot lie at a limit
_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


class _Change(ast.NodeTransformer):
    """Applies change number ``wanted`` and counts all."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count, self.what, self.line = wanted, 0, "", 0
        self.function = ""
        self._scope: list[str] = []

    def _now(self, node: ast.AST, what: str) -> bool:
        self.count += 1
        if self.count - 1 != self.wanted:
            return False
        self.what, self.line = what, getattr(node, "lineno", 0)
        self.function = ".".join(self._scope) or "module"
        return True

    def _named(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._now(node, f"if {ast.unparse(node.test)} → never"):
            node.test = ast.copy_location(ast.Constant(False), node.test)
        elif self._now(node, f"if {ast.unparse(node.test)} → always"):
            node.test = ast.copy_location(ast.Constant(True), node.test)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        call = isinstance(node.value, ast.Call)
        if call and self._now(node, f"without {ast.unparse(node)}"):
            return ast.copy_location(ast.Pass(), node)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        for index, condition in enumerate(node.ifs):
            if self._now(
                condition, f"for {ast.unparse(node.target)} without if {ast.unparse(condition)}"
            ):
                del node.ifs[index]
                break
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        for index, operand in enumerate(node.values):
            if self._now(node, f"{ast.unparse(node)} without {ast.unparse(operand)}"):
                rest = [v for i, v in enumerate(node.values) if i != index]
                return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        other: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        swapped = ast.BoolOp(other, node.values)
        if self._now(node, f"{ast.unparse(node)} → {ast.unparse(swapped)}"):
            return swapped
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for index, operator in enumerate(node.ops):
            other = _OTHER.get(type(operator))
            if other is None:
                continue
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            changed = ast.Compare(node.left, ops, node.comparators)
            if self._now(node, f"{ast.unparse(node)} → {ast.unparse(changed)}"):
                return changed
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


def mutants(source: str) -> Iterator[Mutant]:
    """Every one of a module."""
    number = 0
    while True:
        change = _Change(number)
        tree = ast.fix_missing_locations(change.visit(ast.parse(source)))
        if not change.what:
            return
        yield Mutant(change.function, change.line, change.what, ast.unparse(tree))
        number += 1


class Journal:
    """What became of each mutant of one module, a line of JSON each, written as it is known.

    What was found with the same tests is not run again, so a run that was interrupted goes on where
    it was. After a change of the tests the one that failed before is tried first.
    """

    def __init__(self, path: Path, tests: list[Path]) -> None:
        self._path = path
        self._tests = b"".join(file.read_bytes() for file in tests)
        self._found: dict[str, str] = {}
        self._last: dict[str, str] = {}
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError):  # the last line of a killed run
                    key, name, missed_by = json.loads(line)
                    self._found[key] = self._last[name] = missed_by

    def _key(self, mutant: Mutant) -> str:
        return hashlib.sha256(mutant.source.encode() + self._tests).hexdigest()[:24]

    def found(self, mutant: Mutant) -> str | None:
        """The test that fails, "" for none; None when it has not run with these tests."""
        return self._found.get(self._key(mutant))

    def before(self, mutant: Mutant) -> str:
        """The test that failed when it ran last, with whatever tests there were."""
        return self._last.get(mutant.name, "")

    def write(self, mutant: Mutant, missed_by: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            print(json.dumps([self._key(mutant), mutant.name, missed_by]), file=file)
