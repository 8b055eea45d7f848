"""The command line as a whole: what is set before a command is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gate import cli

LOOK = (
    "import sys, os; sys.argv = ['gate', *sys.argv[1:]]; import gate.cli; "
    "print(os.environ.get('OPENBLAS_NUM_THREADS', 'unset'))"
)
EARLY = """
import importlib, sys
sys.argv, real, loaded = ['gate', 'run'], importlib.import_module, []
def load(name, package=None):
    if name.startswith('gate.commands.'):
        loaded.append('numpy' in sys.modules)
    return real(name, package)
importlib.import_module = load
import gate.cli
print(loaded)
"""


def printed(code: str, *words: str, **environment: str) -> str:
    known = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(
        command, env=known | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "threads"), [("run", "1"), ("enroll", "1"), ("evaluate", "1"), ("doctor", "unset")]
)
def test_numpy_has_one_thread_where_faces_are_learnt_or_compared(
    command: str, threads: str
) -> None:
    assert printed(LOOK, command) == threads


@pytest.mark.slow
def test_what_the_owner_of_the_box_sets_counts() -> None:
    assert printed(LOOK, "run", OPENBLAS_NUM_THREADS="3") == "3"


@pytest.mark.slow
def test_it_is_set_before_numpy_is_loaded() -> None:
    assert printed(EARLY) == "[False]"


@pytest.mark.parametrize(
    ("stepped_down", "hint"), [(True, "such as /tmp"), (False, "put sudo before the command")]
)
def test_a_file_that_may_not_be_read_says_as_whom(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stepped_down: bool,
    hint: str,
) -> None:
    """Debian closes a home to others, so sudo does not help a command of the user gate."""

    def refused(**options: bool) -> None:
        raise PermissionError(13, "Permission denied", "/home/li/people")

    monkeypatch.setattr(cli, "app", refused)
    monkeypatch.setattr(cli, "step_down", lambda command, config: stepped_down)
    monkeypatch.setattr(os, "geteuid", lambda: 998)
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert "where: /home/li/people" in said
    assert hint in said
