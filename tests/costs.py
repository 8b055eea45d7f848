"""At the end of ``make check``: the tests that take too much of a processor to be quick.

The processor's time of a test is that of its process, of all its threads and of the programs it
waited for; it is little longer on a machine that does much else. The first test that needs a
library also pays for importing it. It is a report and no failure: what is named here may be made
cheaper, or marked ``slow`` when it decides nothing at the door.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Generator

import pytest

LIMIT = 0.3  # seconds; twice what CONTRIBUTING.md names, as other programs share the caches
SHOWN = 10


def processor() -> float:
    """Seconds of processor that this process and the programs that ended have taken."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


class Costs:
    """Sums what the phases of each test took.

    In a process that runs tests it measures, in the one that prints it adds up: with pytest's own
    loop both are one, with processes the figure comes with the report.
    """

    def __init__(self) -> None:
        self._before = processor()
        self._tests: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._before = processor()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        now = processor()
        report.processor = now - self._before  # type: ignore[attr-defined]
        self._before = now
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tests[report.nodeid] += getattr(report, "processor", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        costly = sorted(
            ((took, test) for test, took in self._tests.items() if took > LIMIT), reverse=True
        )
        if not costly:
            return
        terminalreporter.section(f"quick tests that took over {LIMIT} s of processor")
        for took, test in costly[:SHOWN]:
            terminalreporter.line(f"{took:.2f} s {test}")
        if len(costly) > SHOWN:
            terminalreporter.line(f"and {len(costly) - SHOWN} more")
