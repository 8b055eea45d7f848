"""The command line as a whole: what is set before a command is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

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
