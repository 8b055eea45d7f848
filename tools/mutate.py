"""Mutation by hand: takes one condition away at a time and reports those no test misses.

    python tools/mutate.py gate/passage/step.py gate/passage/serve.py -- tests/passage/test_step.py
    python tools/mutate.py gate/door/state_machine.py:147-170 -- tests/door
    python tools/mutate.py --page [FILE ...]

Every ``if`` is made never and always true and every ``case`` never, every conditional expression
takes its other branch, every call that is a statement, every condition of a comprehension, every
operand of ``and`` and ``or`` and every field of a ``replace(...)`` is taken away; ``<`` becomes
``<=``, ``>`` ``>=`` and ``==`` ``!=``, each also the other way round, and ``and`` becomes ``or``
and ``or`` ``and``: one change at a time.
After a file, ``:FIRST-LAST`` is for these lines only. The tests named after ``--`` are collected
once, without conftest.py and without the slow ones (``-m "not soak"`` after them adds these), and
run for each mutant in a fork in which the functions of the module have its code; one that they pass
is printed as a survivor. Exit code 1 when there is one. What a module does when it is imported is
not mutated.

``--page`` does so for the modules and tests in ``tools/mutation.toml`` and writes which test misses
which condition into ``docs/mutation.md``; with names of files it writes only their sections again.
The reasons why a mutant cannot be distinguished from the code are in ``tools/mutation.toml`` too.

Every result is kept under build/mutation with the sources it was found with: a run that was
interrupted goes on where it was, and after a new test each mutant first meets the test that failed
before, as the page names it where nothing is kept yet.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import json
import os
import re
import resource
import signal
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.mutants import Journal, Mutant, mutants  # noqa: E402

TABLE = ROOT / "tools" / "mutation.toml"
PAGE = ROOT / "docs" / "mutation.md"
KEPT = ROOT / "build" / "mutation"


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


OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "--noconftest", "--timeout", "600"]
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

    def __init__(self, files: list[str], tests: list[Path], known: dict[str, str]) -> None:
        self.files = files
        self.tests = tests
        self.known = known
        self.results: list[Result] = []
        self._failed = ""
        self._took: dict[str, float] = {}
        self._longest = 3600

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._took[report.nodeid] = self._took.get(report.nodeid, 0.0) + report.duration
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        before_it = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        failed, took = self._in_fork(session.items)
        needed = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_it
        self._longest = int(10 + 3 * needed)
        if failed:
            print(f"fails without any change: {failed}")
            raise pytest.UsageError("the tests fail as it is")
        # what is quick and says by its name what it is for, before what draws at random
        session.items.sort(key=lambda item: (*_late(item), round(took[item.nodeid], 1)))
        for name in self.files:
            file, _, lines = name.partition(":")
            first, _, last = lines.partition("-")
            wanted = range(int(first or 0), int(last or first or 10**9) + 1)
            module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
            whole = (ROOT / file).read_text("utf-8")
            unchanged = ast.unparse(ast.parse(whole))
            _put(unchanged, module)  # so that line numbers alone are no change
            journal = Journal(KEPT / (file.replace("/", ".") + ".jsonl"), self.tests)
            these = [mutant for mutant in mutants(whole) if mutant.line in wanted]
            for number, mutant in enumerate(these, 1):
                if not _put(mutant.source, module):
                    continue
                missed_by = journal.found(mutant)
                if missed_by is None:
                    before = journal.before(mutant) or self.known.get(_row(mutant), "")
                    missed_by, _ = self._in_fork(_from(session.items, before))
                    journal.write(mutant, missed_by)
                _put(unchanged, module)
                self.results.append(Result(file, mutant, missed_by))
                if not missed_by:
                    print(f"survives  {file}:{mutant.line} {mutant.name}", file=sys.stderr)
                if number % 20 == 0:
                    print(f"{number} of {len(these)}", file=sys.stderr)
        return True

    def _in_fork(self, items: list[pytest.Item]) -> tuple[str, dict[str, float]]:
        """The test that fails, "" for none, and the seconds each took.

        A fork has what is imported and ends after it, so nothing is left of a changed module.
        """
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                said = pipe.read()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code != 0:
                return BROKEN, {}
            failed, took = json.loads(said)
            return failed, took
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        with contextlib.suppress(BaseException):
            _stop_after(self._longest)
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    break
            with os.fdopen(writing, "w") as said_to:
                json.dump([self._failed, self._took], said_to)
            os._exit(0)
        os._exit(2)


def _stop_after(seconds: int) -> None:
    """Fail the running test when this process has computed so long: a mutant may never end."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)  # it comes every second from then on
        pytest.fail("does not end")

    signal.signal(signal.SIGXCPU, stop)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def _from(items: list[pytest.Item], test: str) -> list[pytest.Item]:
    """The items beginning with the test of this id, whatever its parameters."""
    first = test.partition("[")[0]
    return sorted(items, key=lambda item: item.nodeid.partition("[")[0] != first)


def _late(item: pytest.Item) -> tuple[bool, bool]:
    drawn = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
    return item.get_closest_marker("slow") is not None, drawn


def _sources(files: list[str], tests: list[str]) -> list[Path]:
    """What a result depends on: the modules' folders, the tests and the modules beside these."""
    found = {path for file in files for path in (ROOT / file).parent.glob("*.py")}
    found -= {ROOT / file for file in files}  # the mutants have them
    for test in (ROOT / name.partition("::")[0] for name in tests):
        if test.is_dir():
            found.update(test.rglob("*.py"))
        else:
            beside = test.parent.glob("*.py")
            found |= {test, *(path for path in beside if not path.name.startswith("test_"))}
    return sorted(found)


def run(
    files: list[str], tests: list[str], known: dict[str, str] | None = None
) -> list[Result] | None:
    """Every mutant of the files with the test that misses it; None when the tests fail anyway.

    ``known``: the test that missed a mutant in an earlier run, by its ``_row``; it is tried first.
    """
    modules = [name.partition(":")[0] for name in files]
    named = [name for name in tests if (ROOT / name.partition("::")[0]).exists()]
    forks = _Forks(files, _sources(modules, named), known or {})
    code = pytest.main([*OPTIONS, *tests], plugins=[forks])
    passed = code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return forks.results if passed else None


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("\n", " ") + "`"


def _row(mutant: Mutant) -> str:
    """The beginning of its row in the page."""
    return f"| `{mutant.function}` | {_cell(mutant.change)} |"


def _known(section: str, tests: list[str]) -> dict[str, str]:
    """What the page says of each mutant: the test by the row's beginning."""
    known = {}
    for row, test in re.findall(r"^(\|.* \|) `([^`]+)` \|$", section, re.MULTILINE):
        known[row] = test if ".py::" in test else f"{tests[0]}::{test}"
    return known


def _section(file: str, tests: list[str], results: list[Result], equal: dict[str, str]) -> str:
    lines = []
    for result in results:
        row = _row(result.mutant)
        reason = equal.get(result.mutant.name)
        if result.missed_by:
            path, _, test = re.sub(r"\[.*", "", result.missed_by).partition("::")
            short = f"`{test}`" if path == tests[0] else f"`{path}::{test}`"
            lines.append(f"{row} {short} |")
        else:
            lines.append(f"{row} {reason or '**none**'} |")
    missed = sum(bool(result.missed_by) for result in results)
    named = sum(not r.missed_by and r.mutant.name in equal for r in results)
    count = f"{len(results)} mutants: {missed} fail a test, {named} are equivalent"
    rest = len(results) - missed - named
    if rest:
        count += f", **{rest} survive**"
    head = f"## {file}\n\nTests: " + ", ".join(f"`{test}`" for test in tests) + f". {count}.\n\n"
    return head + "| in | change | missed by |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _sections() -> dict[str, str]:
    """The sections of the page as it is, by their module."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    return {part.partition("\n")[0]: "## " + part for part in text.split("\n## ")[1:]}


def page(wanted: list[str]) -> int:
    """Write the sections of the files, or all, into the page."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    for file, entry in table.items():
        if wanted and file not in wanted:
            continue
        print(file, flush=True)
        KEPT.mkdir(parents=True, exist_ok=True)
        written = KEPT / (file.replace("/", ".") + ".md")
        before = _sections().get(file, "")
        # a fork, so that no module is the changed one of a run before
        child = os.fork()
        if not child:
            results = run([file], entry["tests"], _known(before, entry["tests"]))
            if results is None:
                os._exit(2)
            text = _section(file, entry["tests"], results, entry.get("equivalent", {}))
            written.write_text(text, "utf-8")
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            return 2
        sections = _sections()
        sections[file] = written.read_text("utf-8")
        parts = [sections[name].rstrip() + "\n" for name in table if name in sections]
        PAGE.write_text(HEAD + "\n".join(parts), "utf-8")
    return 1 if "**none**" in PAGE.read_text("utf-8") else 0


HEAD = """# Mutation

Every condition and limit of the rules, and the test that fails without it. Made by
`python tools/mutate.py --page`; a section by itself by `python tools/mutate.py --page FILE`. The
changes it makes, and what it leaves alone, are described at the top of `tools/mutate.py`; the
modules, their tests and the reasons why a change is equivalent (no behaviour differs) are in
`tools/mutation.toml`. The test named is the first one that fails, quick ones first.

"""


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    os.chdir(ROOT)
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
