"""A small district goes through the whole script: real hub, real boxes, every fault once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from gate.district import site
from gate.district.layout import Layout
from gate.district.run import simulate
from tests.warm import Task


class Hub(Task):
    """What the simulation starts as ``python -c CODE ARGUMENTS``, forked."""

    def __init__(self, command: Sequence[str], stdout: BinaryIO, **named: Any) -> None:
        super().__init__(_execute, *command[2:], out=Path(stdout.name))


def _execute(code: str, *arguments: str) -> None:
    sys.argv = ["-c", *arguments]
    exec(code)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_small_district_everything_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "subprocess", SimpleNamespace(Popen=Hub))
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
