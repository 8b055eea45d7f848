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


ONCE = """
from pathlib import Path
HERE = Path(__file__).parent
def fails_first(name):
    ran = HERE / name
    before = ran.exists()
    ran.touch()
    assert before, f"{name} was held up"
def test_held_up(): fails_first("one")
def test_passes(): pass
"""
TWICE = """
import os
from pathlib import Path
HERE = Path(__file__).parent
def test_wrong(): assert 1 + 1 == 3
def test_ends_alone():
    ran = HERE / "two"
    if ran.exists(): os._exit(4)
    ran.touch()
    raise RuntimeError("the first time")
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "tests.processes", "--processes", "2"]
    command += ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(folder)]
    return subprocess.run(
        [*command, f"--basetemp={folder / 'tmp'}", *arguments, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_a_process_that_ends_is_a_failure_of_each_test_it_had(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(ENDS)
    (tmp_path / "test_b.py").write_text(OTHERS)
    done = run(tmp_path, "--again", "5")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 failed, 2 passed" in done.stdout
    assert "test_ends its process ended with the exit code 3" in done.stdout
    assert "test_after was not run" in done.stdout


@pytest.mark.slow
def test_one_that_passes_alone_is_named_with_its_first_failure(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(ONCE)
    done = run(tmp_path, "--again", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "one was held up" in done.stdout
    named = done.stdout.split("passed only alone, at the second run")[1]
    assert "test_a.py::test_held_up" in named
    assert "test_passes" not in named


@pytest.mark.slow
def test_one_that_fails_twice_or_breaks_its_process_alone_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(TWICE)
    done = run(tmp_path, "--again", "5")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "assert (1 + 1) == 3" in done.stdout
    assert "the first time" in done.stdout
    assert "passed only alone" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--again", "0"], ["--again", "5", "-x"]])
def test_without_it_the_first_failure_counts(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "test_a.py").write_text(ONCE)
    done = run(tmp_path, *arguments)
    assert done.returncode != 0
    assert "one was held up" in done.stdout


@pytest.mark.slow
def test_more_failures_than_that_all_count(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"test_{name}.py").write_text(ONCE.replace('"one"', f'"{name}"'))
    done = run(tmp_path, "--again", "2")
    assert done.returncode == 1
    assert "3 failed, 3 passed" in done.stdout


@pytest.mark.slow
def test_one_that_hangs_says_where(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("import time\ndef test_hangs(): time.sleep(3600)\n")
    done = run(tmp_path, "--timeout", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Timeout (>1.0s)" in done.stdout
