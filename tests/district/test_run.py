"""A small district goes through the whole script: real hub, real boxes, every fault once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.district.layout import Layout
from gate.district.run import simulate


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_small_district_everything_holds(tmp_path: Path) -> None:
    said: list[str] = []
    result = simulate(
        tmp_path,
        Layout(gates=3, people=30),
        said.append,
        processes=1,
        seconds=2,
        changes=4,
        events=20,
        backlog=50,
        patience=1.0,
    )
    assert result.wrong == []
    assert result.figures["deleted people"].endswith("hold a name: 0")
    assert not result.figures["deleted people"].startswith("0,")  # somebody was deleted at all
    checked = [line for line in said if line.strip().startswith("checked after")]
    assert len(checked) == 11
    for log in tmp_path.glob("boxes-*.log"):
        assert "Traceback" not in log.read_text()
