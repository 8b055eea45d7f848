"""``--processes N``: collect once, then run the tests in N processes forked from this one.

pytest-xdist imports and collects everything in each of its processes, a third of the processor's
time of the quick tests. Forked processes have it already. As with ``--dist loadfile``, a file of
tests stays in one process, so that its fixtures are made once.

The files wait in a pipe as numbers of four bytes, of which each process reads the next when it
needs one; the reports come back through a pipe of each process's own. A process that ends before
it should is a failed test, and so is each test that nobody ran.

Many tests run real daemons, boards and brokers, and a crowded machine holds up any process for
seconds. With ``--again N`` up to N tests that failed run once more at the end, one after the other
with nothing beside them. One that passes then counts as passed and is named in the summary, with
what it failed for; of one that fails twice, and of more than N, the first failures count.

``make check`` and ``make test`` load this with ``-p tests.processes``; ``make coverage`` uses
pytest-xdist.
"""

from __future__ import annotations

import multiprocessing
import os
import struct
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby, pairwise
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from _pytest.config import create_terminal_writer

_FILE = struct.Struct("I")
_PIPE = 64 * 1024 // _FILE.size  # the files that fit into a pipe of Linux
_END = "end"
_PASSED_ALONE = pytest.StashKey[dict[str, str]]()

File = list[pytest.Item]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="collect once, then run the tests in N forked processes",
    )
    parser.addoption(
        "--again",
        type=int,
        default=0,
        metavar="N",
        help="with --processes: run up to N tests that failed once more, alone",
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
    parent = _Parent(session, files)
    parent.run(min(count, len(files)))
    session.config.stash[_PASSED_ALONE] = parent.passed_alone
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Names each test that failed among the others and passed alone, with its first failure."""
    passed_alone = config.stash.get(_PASSED_ALONE, {})
    for nodeid, failure in passed_alone.items():
        terminalreporter.section(f"{nodeid} failed, then passed alone")
        terminalreporter.write_line(failure)
    if passed_alone:
        terminalreporter.section("passed only alone, at the second run")
    for nodeid in passed_alone:
        terminalreporter.write_line(nodeid)


class _Parent:
    """Starts the processes and passes what they report to pytest.

    Args:
        session: The session that has collected.
        files: The tests of each file, in the order to begin them.

    Attributes:
        passed_alone: The first failure of each test that passed when it ran again, by node id.
    """

    def __init__(self, session: pytest.Session, files: list[File]) -> None:
        self._hook = session.config.hook
        self._session = session
        self._files = files
        self._items = {item.nodeid: item for item in session.items}
        self._left = dict(self._items)
        self._running: dict[Connection, str | None] = {}
        self._processes: dict[Connection, BaseProcess] = {}
        # with -x the first failure ends everything
        self._again = 0 if session.config.option.maxfail else session.config.option.again
        self._unfinished: dict[str, list[pytest.TestReport]] = {}
        self._failed: dict[str, list[pytest.TestReport]] = {}
        self.passed_alone: dict[str, str] = {}

    def run(self, count: int) -> None:
        """Until every process has ended.

        Args:
            count: How many processes.
        """
        self._run(self._files, count)
        failed, self._failed = self._failed, {}
        for nodeid, reports in failed.items():
            if len(failed) <= self._again and self._passes_alone(nodeid):
                failures = [report.longreprtext for report in reports if report.failed]
                self.passed_alone[nodeid] = "\n".join(failures)
            else:
                self._log(reports)
        if not (self._session.shouldfail or self._session.shouldstop):
            for nodeid in list(self._left):
                self._fail(nodeid, "was not run: the process that had its file ended before")

    def _passes_alone(self, nodeid: str) -> bool:
        ended = self._session.testsfailed  # grows if the process breaks
        self._run([[self._items[nodeid]]], 1)
        return nodeid not in self._failed and self._session.testsfailed == ended

    def _run(self, files: list[File], count: int) -> None:
        waiting, numbers = os.pipe()
        os.write(numbers, b"".join(_FILE.pack(number) for number in range(len(files))))
        os.close(numbers)
        # pytest's reports are made here before the fork, so that all have them in one folder
        folder = self._session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        context = multiprocessing.get_context("fork")
        before = len(self._processes)
        try:
            for number in range(before, before + count):
                reports, reporting = context.Pipe(duplex=False)
                child = _Child(self._session, files, waiting, reporting)
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
            self._report(report)
        elif kind == "warning":
            self._hook.pytest_warning_recorded.call_historic(kwargs=content)
        else:
            nodeid = self._running.pop(reports)
            process = self._processes[reports]
            process.join()
            if kind != _END and nodeid is not None:
                self._fail(nodeid, f"its process ended with the exit code {process.exitcode}")

    def _report(self, report: pytest.TestReport) -> None:
        """Kept until the test has ended; of a failed one that may run again, until it has."""
        reports = self._unfinished.setdefault(report.nodeid, [])
        reports.append(report)
        if report.when != "teardown":
            return
        self._left.pop(report.nodeid, None)
        del self._unfinished[report.nodeid]
        if self._again and any(each.failed for each in reports):
            self._failed[report.nodeid] = reports
        else:
            self._log(reports)

    def _log(self, reports: list[pytest.TestReport]) -> None:
        for report in reports:
            self._hook.pytest_runtest_logreport(report=report)

    def _fail(self, nodeid: str, why: str) -> None:
        item = self._items[nodeid]
        self._left.pop(nodeid, None)
        report = pytest.TestReport(nodeid, item.location, {}, "failed", f"{nodeid} {why}", "call")
        self._log([*self._unfinished.pop(nodeid, []), report])


class _Silent:
    """Prints nothing by itself; what asks pytest for its terminal finds one."""

    def __init__(self, config: pytest.Config) -> None:
        self._tw = create_terminal_writer(config, sys.__stderr__)


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
        # the parent prints; only where a test hangs is written from here (pytest-timeout)
        config.pluginmanager.unregister(name="terminalreporter")
        config.pluginmanager.register(_Silent(config), "terminalreporter")
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
