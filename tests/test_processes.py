"""Whatever happens to a process that runs tests, no test is lost without a failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.source import ROOT

ENDS = """
import os
def test_before(): pass
def test_ends(): os._exit(3)
def test_after(): pass
"""
OTHERS = """
def test_fails(tmp_path): assert not tmp_path.is_dir()
def test_passes(): pass
"""


@pytest.mark.slow
def test_a_process_that_ends_is_a_failure_of_each_test_it_had(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(ENDS)
    (tmp_path / "test_b.py").write_text(OTHERS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.processes", "--processes", "2"]
    command += ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, f"--basetemp={tmp_path / 'tmp'}", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 failed, 2 passed" in done.stdout
    assert "test_ends its process ended with the exit code 3" in done.stdout
    assert "test_after was not run" in done.stdout
