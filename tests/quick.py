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
_QUEUE = "GATE_TEST_QUEUE"  # the descriptor of the reading end


def files() -> list[str]:
    """All files of tests in the order in which they are begun."""
    every = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/**/test_*.py"))
    return [*LONGEST, *(file for file in every if file not in LONGEST)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Runs what was collected at the start, then file after file of the queue."""
    items = _items(session, int(os.environ[_QUEUE]))
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        item = following
    return True


def _items(session: pytest.Session, queue: int) -> Iterator[pytest.Item]:
    yield from list(session.items)
    count, every = session.testscollected, files()
    while place := os.read(queue, _PLACE.size):
        found = list(session.perform_collect([every[_PLACE.unpack(place)[0]]]))
        count += len(found)
        session.testscollected = count
        yield from found


def main(workers: int, options: list[str]) -> int:
    """Returns the exit code: 0 when every process passed and took part."""
    reading, writing = os.pipe()
    count = len(files())
    # two bytes a file: all fit into the pipe, and none is torn between two readers
    os.write(writing, b"".join(_PLACE.pack(place) for place in range(workers, count)))
    os.close(writing)
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(workers)]
        failed = _run(reading, options, outputs)
    if os.read(reading, _PLACE.size):
        print("not every file was run")
        failed = True
    return int(failed)


def _run(reading: int, options: list[str], outputs: list[IO[str]]) -> bool:
    """One process for each of ``outputs``; whether something failed."""
    running = []
    for first, output in zip(files(), outputs, strict=False):
        command = [sys.executable, "-m", "pytest", "-p", "tests.quick", *options, first]
        environment = {**os.environ, _QUEUE: str(reading)}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, pass_fds=[reading]
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
