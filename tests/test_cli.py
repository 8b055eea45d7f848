"""The command line as a whole: what is set before a command is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from gate import cli

LOOK = (
    "import sys, os; sys.argv = ['gate', *sys.argv[1:]]; import gate.cli; "
    "print(os.environ.get('OPENBLAS_NUM_THREADS', 'unset'))"
)
NUMPY = """
import sys
sys.argv = ['gate', 'run']
import gate.cli
print('numpy' in sys.modules)
"""
# one interpreter for all: what is started is told by a fork before anything is imported
IMPORTED = """
import os, sys, traceback
for words in sys.argv[1:]:
    if os.fork():
        assert not os.wait()[1], words
        continue
    sys.argv, out = ['gate', *words.split()], os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from gate.cli import main
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    named = {name.split('.')[0] for name in sys.modules}
    named |= {name for name in sys.modules if name.startswith('gate.commands.')}
    os.write(out, f"{words}|{' '.join(sorted(named))}\\n".encode())
    os._exit(status)
"""
HEAVY = {
    *("alembic", "cv2", "dlib", "enroll", "fastapi", "jinja2", "numpy", "onnxruntime"),
    *("openvino", "paho", "sqlalchemy", "starlette", "uvicorn"),
}
# what each may import of these
NEEDED = {
    "--version": set[str](),
    "--help": set[str](),
    "config path": {"numpy"},
    "doctor --help": {"numpy"},
    "explain --help": {"numpy", "sqlalchemy"},
}


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
    assert printed(NUMPY) == "False"


@pytest.mark.slow
def test_a_command_imports_what_it_needs() -> None:
    lines = dict(line.split("|") for line in printed(IMPORTED, *NEEDED).splitlines())
    for words, needed in NEEDED.items():
        imported = set(lines[words].split())
        assert imported & HEAVY <= needed, words
        named = words.split()[0]
        commands = {name for name in imported if name.startswith("gate.commands.")}
        commands.remove("gate.commands.notices")  # what any of them logs
        assert commands == (set() if named.startswith("-") else {f"gate.commands.{named}"}), words


def test_the_help_says_of_each_command_what_its_own_help_begins_with() -> None:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    for name, (_, _, said) in cli.COMMANDS.items():
        text = group.commands[name].help or ""
        assert " ".join(text.split("\n\n")[0].split()) == said
    shown = CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "300"})
    assert shown.exit_code == 0
    at = [shown.output.index(f"│ {name} ") for name in cli.COMMANDS]
    assert at == sorted(at)
    assert all(said.replace("`", "") in shown.output for _, _, said in cli.COMMANDS.values())


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


CORE = """
import resource, sys
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
sys.argv = ['gate', '--version']
from gate.cli import main
try:
    main()
except SystemExit:
    print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_a_crash_leaves_no_memory_on_the_disk() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GATE_DEBUG"}
    ran = subprocess.run(
        [sys.executable, "-c", CORE], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[-1] == "0"
