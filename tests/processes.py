"""``--processes N``: collect once, then run the tests in N processes forked from this one.

pytest-xdist imports and collects everything in each of its processes, a third of the processor's
time of the quick tests. Forked processes have it already. As with ``--dist loadfile``, a file of
tests stays in one process, so that its fixtures are made once.

The files wait in a pipe as numbers of four bytes, of which each process reads the next when it
needs one; the reports come back through a pipe of each process's own. A process that ends before
it should is a failed test, and so is each test that nobody ran.

``make check`` and ``make test`` load this with ``-p tests.processes``; ``make coverage`` uses
pytest-xdist.
"""

from __future__ import annotations

import multiprocessing
import os
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby, pairwise
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

_FILE = struct.Struct("I")
_PIPE = 64 * 1024 // _FILE.size  # the files that fit into a pipe of Linux
_END = "end"

File = list[pytest.Item]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="collect once, then run the tests in N forked processes",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """The loop over all tests, in processes; without ``--processes`` pytest's own."""
    count = session.config.getoption("processes")
    if not count or session.config.option.collectonly or session.testsfailed:
        return None
    if threading.active_count() > 1:
        raise pytest.UsageError(
            f"a thread was started while tests were imported: {threading.enumerate()}; "
            "forked processes would lack it; start it in a fixture"
        )
    files = [list(items) for _, items in groupby(session.items, lambda item: item.path)]
    if len(files) > _PIPE:
        raise pytest.UsageError(f"{len(files)} files of tests are more than a pipe holds: {_PIPE}")
    _Parent(session, files).run(min(count, len(files)))
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True


class _Parent:
    """Starts the processes and passes what they report to pytest.

    Args:
        session: The session that has collected.
        files: The tests of each file, in the order to begin them.
    """

    def __init__(self, session: pytest.Session, files: list[File]) -> None:
        self._hook = session.config.hook
        self._session = session
        self._files = files
        self._items = {item.nodeid: item for item in session.items}
        self._left = dict(self._items)
        self._running: dict[Connection, str | None] = {}
        self._processes: dict[Connection, BaseProcess] = {}

    def run(self, count: int) -> None:
        """Until every process has ended.

        Args:
            count: How many processes.
        """
        waiting, numbers = os.pipe()
        os.write(numbers, b"".join(_FILE.pack(number) for number in range(len(self._files))))
        os.close(numbers)
        # pytest's reports are made here before the fork, so that all have them in one folder
        folder = self._session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        context = multiprocessing.get_context("fork")
        try:
            for number in range(count):
                reports, reporting = context.Pipe(duplex=False)
                child = _Child(self._session, self._files, waiting, reporting)
                process: BaseProcess = context.Process(
                    target=child.run, args=(folder / f"process-{number}",)
                )
                process.start()
                reporting.close()
                self._processes[reports] = process
                self._running[reports] = None
            while self._running:
                for ready in wait(list(self._running)):
                    assert isinstance(ready, Connection)
                    self._receive(ready)
                if self._session.shouldfail or self._session.shouldstop:
                    while os.read(waiting, _PIPE * _FILE.size):
                        pass
        finally:
            os.close(waiting)
            for process in self._processes.values():
                if self._running:
                    process.terminate()
                process.join()
        if not (self._session.shouldfail or self._session.shouldstop):
            for nodeid in list(self._left):
                self._fail(nodeid, "was not run: the process that had its file ended before")

    def _receive(self, reports: Connection) -> None:
        try:
            kind, content = reports.recv()
        except EOFError:
            kind, content = "broken", None
        if kind == "start":
            self._running[reports] = content
        elif kind == "report":
            report = self._hook.pytest_report_from_serializable(
                config=self._session.config, data=content
            )
            if report.when == "teardown":
                self._left.pop(report.nodeid, None)
            self._hook.pytest_runtest_logreport(report=report)
        elif kind == "warning":
            self._hook.pytest_warning_recorded.call_historic(kwargs=content)
        else:
            nodeid = self._running.pop(reports)
            process = self._processes[reports]
            process.join()
            if kind != _END and nodeid is not None:
                self._fail(nodeid, f"its process ended with the exit code {process.exitcode}")

    def _fail(self, nodeid: str, why: str) -> None:
        item = self._items[nodeid]
        self._left.pop(nodeid, None)
        report = pytest.TestReport(nodeid, item.location, {}, "failed", f"{nodeid} {why}", "call")
        self._hook.pytest_runtest_logreport(report=report)


class _Child:
    """Runs the files it is given, in a process of its own.

    Args:
        session: The session that has collected.
        files: The tests of each file.
        waiting: Where the numbers of the files that are left can be read.
        reporting: Where to write ``(kind, content)``.
    """

    def __init__(
        self, session: pytest.Session, files: list[File], waiting: int, reporting: Connection
    ) -> None:
        self._session = session
        self._files = files
        self._waiting = waiting
        self._reporting = reporting
        self._begun = False  # pytest repeats the warnings of before to a plugin that is registered

    def run(self, folder: os.PathLike[str]) -> None:
        """Until no file is left.

        Args:
            folder: For the temporary folders of the tests, not there yet.
        """
        config = self._session.config
        os.mkdir(folder, 0o700)  # noqa: PTH102
        config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
        # what is captured goes to a file that all processes would share
        capture: Any = config.pluginmanager.get_plugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        # the parent prints
        config.pluginmanager.unregister(name="terminalreporter")
        config.pluginmanager.register(self)
        self._begun = True
        for item, following in self._pairs():
            self._reporting.send(("start", item.nodeid))
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        self._reporting.send((_END, None))

    def _pairs(self) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
        """Each test with the one after it, by which pytest knows which fixtures are still used.

        The next file is asked for no earlier than at the last test of the one before.
        """
        before = self._next()
        while before:
            yield from pairwise(before)
            after = self._next()
            yield before[-1], after[0] if after else None
            before = after

    def _next(self) -> File:
        number = os.read(self._waiting, _FILE.size)
        return self._files[_FILE.unpack(number)[0]] if number else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._session.config
        data = config.hook.pytest_report_to_serializable(config=config, report=report)
        self._reporting.send(("report", data))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        if not self._begun:
            return
        with suppress(Exception):  # what cannot be pickled
            warning_message.source = None
            content = {
                "warning_message": warning_message,
                "when": when,
                "nodeid": nodeid,
                "location": location,
            }
            self._reporting.send(("warning", content))
