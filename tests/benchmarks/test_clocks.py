"""A whole gate whose clock falls to 1970 and one that passes the end of daylight saving."""

from __future__ import annotations

import pytest

from benchmarks.clocks import CASES, run


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["right, then 1970", "Europe/Berlin 2027-10-31"])
def test_who_passes_what_is_deleted_and_what_is_reported(name: str) -> None:
    (case,) = (each for each in CASES if each.name == name)
    assert run(case).faults(case) == []
