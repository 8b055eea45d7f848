"""A whole gate whose clock falls to 1970 and one that passes the end of daylight saving."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.clock_cases import CASES
from benchmarks.clocks import run
from benchmarks.soak import jumping
from tests.warm import Task


def _jumping(*arguments: str) -> None:
    sys.argv = ["gate", *arguments]
    jumping.main()


def started(clock: Path, config: Path, log: Path) -> Task:
    """As ``benchmarks.clocks.started``, without the time an interpreter takes to import a gate."""
    return Task(_jumping, str(clock), "run", "-c", str(config), out=log)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["right, then 1970", "Europe/Berlin 2027-10-31"])
def test_who_passes_what_is_deleted_and_what_is_reported(name: str) -> None:
    (case,) = (each for each in CASES if each.name == name)
    assert run(case, started).faults(case) == []
