"""Mutation by hand: takes one condition away at a time and reports those no test misses.

    python tools/mutate.py gate/passage/step.py gate/passage/serve.py -- tests/passage/test_step.py

Every ``if`` is made never and always true and every ``case`` never, every conditional expression
takes its other branch, every call that stands alone, every condition of a comprehension, every
operand of ``and`` and ``or`` and every field of a ``replace(...)`` is taken away, one at a time.
The tests named after ``--`` run for each, without conftest.py, in a fork in which the functions of
the module have the code of the mutant; one that they pass is printed as a survivor. Exit code 1
when there is one. What a module does when it is imported is not mutated.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hypothesis
import pytest

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
            if self._now(condition, f"every {ast.unparse(node.target)}: {ast.unparse(condition)}"):
                del node.ifs[index]
                break
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


def codes(code: CodeType) -> dict[str, CodeType]:
    """The code of every function, method and closure of a compiled module by its qualified name."""
    found = {}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found[inner.co_qualname] = inner
            found |= codes(inner)
    return found


def functions(module: ModuleType) -> list[FunctionType]:
    """All that are there, decorated, of a class or made by another function as they may be."""
    return [
        thing
        for thing in gc.get_objects()
        if type(thing) is FunctionType and thing.__module__ == module.__name__
    ]


def _put(source: str, module: ModuleType) -> bool:
    """Give the module's functions the code of ``source``; whether one of them changed."""
    new = codes(compile(source, module.__file__ or "", "exec", dont_inherit=True))
    changed = False
    for function in functions(module):
        code = new.get(function.__qualname__) if "<lambda>" not in function.__qualname__ else None
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            changed |= code != function.__code__
            function.__code__ = code
    return changed


def _run(tests: list[str]) -> bool:
    """Whether the tests pass."""
    options = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--noconftest",
        "--timeout",
        "60",
        "--disable-warnings",
    ]
    return pytest.main([*options, *tests]) == pytest.ExitCode.OK


def _survives(source: str, module: ModuleType, tests: list[str]) -> bool:
    """In a fork, which keeps what is imported and forgets the mutant."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    _put(source, module)
    os._exit(0 if _run(tests) else 1)


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if "--" not in arguments:
        print(__doc__)
        return 2
    split = arguments.index("--")
    files, tests = arguments[:split], arguments[split + 1 :]
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    hypothesis.settings.register_profile("mutants", deadline=None, database=None)
    hypothesis.settings.load_profile("mutants")
    if not _run(tests):
        print("the tests fail as it is")
        return 2
    survivors = tried = 0
    for file in files:
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        whole = (ROOT / file).read_text("utf-8")
        unchanged = ast.unparse(ast.parse(whole))
        _put(unchanged, module)  # so that line numbers alone are no change
        for what, source in mutants(whole):
            if not _put(source, module):
                continue
            _put(unchanged, module)
            tried += 1
            if _survives(source, module, tests):
                survivors += 1
                print(f"survives  {file} {what}", flush=True)
    print(f"{tried} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
