"""Mutation by hand: takes one condition away at a time and reports those no test misses.

    python tools/mutate.py gate/passage/step.py gate/passage/serve.py -- tests/passage/test_step.py
    python tools/mutate.py gate/door/state_machine.py:147-170 -- tests/door
    python tools/mutate.py --page [FILE ...]

Every ``if`` is made never and always true and every ``case`` never, every conditional expression
takes its other branch, every call that stands alone, every condition of a comprehension, every
operand of ``and`` and ``or`` and every field of a ``replace(...)`` is taken away, one at a time.
After a file, ``:FIRST-LAST`` is for these lines only. The tests named after ``--`` are collected
once, without conftest.py and without the slow ones (``-m "not soak"`` after them adds these), and
run for each mutant in a fork in which the functions of the module have its code; one that they pass
is printed as a survivor. Exit code 1 when there is one. What a module does when it is imported is
not mutated.

``--page`` does so for the modules and tests in ``tools/mutation.toml`` and writes which test misses
which condition into ``docs/mutation.md``; with names of files it writes only their sections again.
The reasons why a mutant cannot be told from the code are in ``tools/mutation.toml`` too.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "mutation.toml"
PAGE = ROOT / "docs" / "mutation.md"


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


OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "--noconftest", "--timeout", "60"]
OPTIONS += ["--disable-warnings", "--no-summary", "-m", "not slow and not soak"]
BROKEN = "the process ends"


@dataclass(frozen=True, slots=True)
class Result:
    """``missed_by`` is the first test that failed, empty for a survivor."""

    file: str
    mutant: Mutant
    missed_by: str


class _Forks:
    """A plugin of pytest that runs what was collected once for each mutant, in a fork."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        self.results: list[Result] = []
        self._failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # what is quick and says by its name what it is for, before what draws at random
        session.items.sort(key=_late)
        if failed := self._missed(session):
            print(f"fails without any change: {failed}")
            raise pytest.UsageError("the tests fail as it is")
        for name in self.files:
            file, _, lines = name.partition(":")
            first, _, last = lines.partition("-")
            wanted = range(int(first or 0), int(last or first or 10**9) + 1)
            module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
            whole = (ROOT / file).read_text("utf-8")
            unchanged = ast.unparse(ast.parse(whole))
            _put(unchanged, module)  # so that line numbers alone are no change
            for mutant in mutants(whole):
                if mutant.line not in wanted or not _put(mutant.source, module):
                    continue
                missed_by = self._missed(session)
                _put(unchanged, module)
                self.results.append(Result(file, mutant, missed_by))
                if not missed_by:
                    print(f"survives  {file}:{mutant.line} {mutant.name}", file=sys.stderr)
        return True

    def _missed(self, session: pytest.Session) -> str:
        """The test that fails, found in a fork, which keeps what is imported and ends after it."""
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                failed = pipe.read().decode()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return failed if code in (0, 1) else BROKEN
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        with contextlib.suppress(BaseException):
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    break
            os.write(writing, self._failed.encode())
            os._exit(1 if self._failed else 0)
        os._exit(2)


def _late(item: pytest.Item) -> tuple[bool, bool]:
    drawn = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
    return item.get_closest_marker("slow") is not None, drawn


def run(files: list[str], tests: list[str]) -> list[Result] | None:
    """Every mutant of the files with the test that misses it; None when the tests fail anyway."""
    forks = _Forks(files)
    code = pytest.main([*OPTIONS, *tests], plugins=[forks])
    passed = code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return forks.results if passed else None


def _section(file: str, tests: list[str], results: list[Result], equal: dict[str, str]) -> str:
    def cell(text: str) -> str:
        return "`" + text.replace("|", "\\|").replace("\n", " ") + "`"

    lines = []
    for result in results:
        change = cell(result.mutant.change)
        reason = equal.get(result.mutant.name)
        if result.missed_by:
            path, _, test = re.sub(r"\[.*", "", result.missed_by).partition("::")
            short = f"`{test}`" if path == tests[0] else f"`{path}::{test}`"
            lines.append(f"| `{result.mutant.function}` | {change} | {short} |")
        else:
            lines.append(f"| `{result.mutant.function}` | {change} | {reason or '**none**'} |")
    missed = sum(bool(result.missed_by) for result in results)
    named = sum(not r.missed_by and r.mutant.name in equal for r in results)
    count = f"{len(results)} mutants: {missed} fail a test, {named} are equivalent"
    rest = len(results) - missed - named
    if rest:
        count += f", **{rest} survive**"
    head = f"## {file}\n\nTests: " + ", ".join(f"`{test}`" for test in tests) + f". {count}.\n\n"
    return head + "| in | change | missed by |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def page(wanted: list[str]) -> int:
    """Write the sections of the files, or all, into the page."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    old = PAGE.read_text("utf-8") if PAGE.exists() else ""
    sections = {part.partition("\n")[0]: "## " + part for part in old.split("\n## ")[1:]}
    for file, entry in table.items():
        if wanted and file not in wanted:
            continue
        print(file, flush=True)
        # a fork, so that no module is the changed one of a run before
        child = os.fork()
        if not child:
            results = run([file], entry["tests"])
            if results is None:
                os._exit(2)
            text = _section(file, entry["tests"], results, entry.get("equivalent", {}))
            (ROOT / "build").mkdir(exist_ok=True)
            (ROOT / "build" / "mutation-section.md").write_text(text, "utf-8")
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            return 2
        sections[file] = (ROOT / "build" / "mutation-section.md").read_text("utf-8")
        parts = [sections[name].rstrip() + "\n" for name in table if name in sections]
        PAGE.write_text(HEAD + "\n".join(parts), "utf-8")
    return 1 if "**none**" in PAGE.read_text("utf-8") else 0


HEAD = """# Mutation

Every condition of the rules, and the test that fails without it. Made by
`python tools/mutate.py --page`; a section by itself by `python tools/mutate.py --page FILE`. The
changes it makes, and what it leaves alone, are described at the top of `tools/mutate.py`; the
modules, their tests and the reasons why a change is equivalent (no behaviour differs) are in
`tools/mutation.toml`. The test named is the first one that fails, quick ones first.

"""


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    # the smallest example that fails is not of interest
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", deadline=None, database=None, phases=phases)
    hypothesis.settings.load_profile("mutants")
    if arguments[:1] == ["--page"]:
        return page(arguments[1:])
    if "--" not in arguments:
        print(__doc__)
        return 2
    split = arguments.index("--")
    results = run(arguments[:split], arguments[split + 1 :])
    if results is None:
        return 2
    survivors = sum(not result.missed_by for result in results)
    print(f"{len(results)} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
