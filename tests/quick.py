"""The quick tests in several processes: ``python -m tests.quick 3 -m "not slow and not soak"``.

With xdist each process collects all tests: 10 s of processor a process, together a fifth of what
the quick ones cost. Here each takes one file after the other from a common queue and collects just
that. A file stays in one process, so its fixtures are made once. What a process printed is shown
when it has ended, whole where something failed. ``make test`` keeps xdist, where this is little.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest
from _pytest.runner import collect_one_node

Node = pytest.Item | pytest.Collector
ROOT = Path(__file__).resolve().parents[1]
# begun first, so that none of them runs alone at the end
LONGEST = (
    "tests/exporting/test_exporter.py",
    "tests/camera/test_view.py",
    "tests/access/test_policy.py",
    "tests/notify/test_notifier.py",
    "tests/enroll/test_rules_pages.py",
    "tests/store/test_missing.py",
    "tests/test_architecture.py",
)
_PLACE = struct.Struct("<H")
# for the processes: the descriptor of the reading end, and the files that its numbers mean
_QUEUE, _FILES = "GATE_TEST_QUEUE", "GATE_TEST_FILES"


def files() -> list[str]:
    """All files of tests in the order in which they are begun."""
    every = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/**/test_*.py"))
    return [*LONGEST, *(file for file in every if file not in LONGEST)]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Collecting ends at the folder of tests; what is in it comes from the queue."""
    session.config.pluginmanager.register(_Queue(session, int(os.environ[_QUEUE])))


class _Queue:
    def __init__(self, session: pytest.Session, reading: int) -> None:
        self._session, self._reading = session, reading
        self._top: list[Node] = []
        self._inside: dict[Node, dict[Path, Node]] = {}
        session.genitems = self._nothing_yet  # type: ignore[method-assign]

    def _nothing_yet(self, node: Node) -> Iterator[pytest.Item]:
        self._top.append(node)
        return iter(())

    def items(self) -> Iterator[pytest.Item]:
        """Test after test; a file is taken when those of the one before are used up."""
        session, every, count = self._session, os.environ[_FILES].split("\n"), 0
        del session.genitems  # pytest's own again
        while place := os.read(self._reading, _PLACE.size):
            node = self._node(ROOT / every[_PLACE.unpack(place)[0]])
            found = list(session.genitems(node))
            hook = session.config.hook
            hook.pytest_collection_modifyitems(session=session, config=session.config, items=found)
            count += len(found)
            session.testscollected = count
            yield from found

    def _node(self, file: Path) -> Node:
        """Each folder is one node, to which the fixtures of its conftest.py belong."""
        node = next(top for top in self._top if top.path in file.parents)
        while node.path != file:
            if node not in self._inside:
                assert isinstance(node, pytest.Collector)
                self._inside[node] = {each.path: each for each in collect_one_node(node).result}
            node = next(
                each for path, each in self._inside[node].items() if file.is_relative_to(path)
            )
        return node


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Runs file after file of the queue."""
    queue = next(p for p in session.config.pluginmanager.get_plugins() if isinstance(p, _Queue))
    items = queue.items()
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        item = following
    return True


def main(workers: int, options: list[str]) -> int:
    """Returns the exit code: 0 when every process passed and took part."""
    reading, writing = os.pipe()
    every = files()
    # two bytes a file: all fit into the pipe, and none is torn between two readers
    os.write(writing, b"".join(_PLACE.pack(place) for place in range(len(every))))
    os.close(writing)
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(workers)]
        failed = _run({_QUEUE: str(reading), _FILES: "\n".join(every)}, options, outputs)
    if os.read(reading, _PLACE.size):
        print("not every file was run")
        failed = True
    return int(failed)


def _run(queue: dict[str, str], options: list[str], outputs: list[IO[str]]) -> bool:
    """One process for each of ``outputs``; whether something failed."""
    running = []
    for output in outputs:
        command = [sys.executable, "-m", "pytest", "-p", "tests.quick", *options]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | queue,
            stdout=output,
            stderr=output,
            pass_fds=[int(queue[_QUEUE])],
        )
        running.append((process, output))
    failed = False
    for process, output in running:
        # 5: all of its files' tests are of another kind
        bad = process.wait() not in (0, 5)
        failed |= bad
        output.seek(0)
        lines = output.read().splitlines(keepends=True)
        print("".join(lines if bad else lines[-1:]), end="", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
