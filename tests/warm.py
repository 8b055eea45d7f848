"""``gate`` as a process of its own, without its two or three seconds of imports.

A server, one for each process that runs tests, has imported all commands and forks itself for
every program (multiprocessing's forkserver). What is forked is a process like any other: own
signals, own files, own end. Tests of how ``gate`` is loaded start an interpreter instead.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent
Given = TypeVar("Given")
Found = TypeVar("Found")
START = "from gate.cli import main; main()"

_context = multiprocessing.get_context("forkserver")


class Program:
    """``gate`` with ``arguments``, started at once; as much of subprocess.Popen as tests use.

    Args:
        out: what it prints is appended to this file, errors too unless ``errors`` is given.
        environment: all of it; None is that of the test.
    """

    def __init__(
        self,
        *arguments: str,
        out: Path,
        errors: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.arguments = arguments
        _serve()
        environment = dict(os.environ if environment is None else environment)
        self._process = _context.Process(
            target=_body,
            args=(arguments, out, errors or out, environment, Path.cwd()),
            daemon=True,  # a test that fails before it ends the program leaves none behind
        )
        self._process.start()

    def poll(self) -> int | None:
        """Its status once it has ended; negative for a signal."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its status. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 240.0
) -> subprocess.CompletedProcess[str]:
    """``gate`` with ``arguments`` to its end. Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryDirectory(prefix="gate-said-") as folder:
        out, errors = Path(folder, "out"), Path(folder, "errors")
        program = Program(*arguments, out=out, errors=errors, environment=environment)
        try:
            status = program.wait(timeout)
        finally:
            program.kill()
        said = (path.read_text("utf-8") if path.exists() else "" for path in (out, errors))
        return subprocess.CompletedProcess(arguments, status, *said)


def call(function: Callable[[Given], Found], given: Given) -> Found:
    """What ``function``, one of a module, gives in a process of its own. Raises what it raises."""
    _serve()
    with ProcessPoolExecutor(1, mp_context=_context) as one:
        return one.submit(function, given).result()


def _serve() -> None:
    """Start the server unless it runs."""
    _context.set_forkserver_preload(["tests.warm_imports"])
    with contextlib.chdir(ROOT):  # whence it imports
        forkserver.ensure_running()


def _body(
    arguments: tuple[str, ...], out: Path, errors: Path, environment: dict[str, str], folder: Path
) -> None:
    """In the forked process: become ``gate`` as the shell would have started it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, stream, number in ((out, sys.stdout, 1), (errors, sys.stderr, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["gate", *arguments]
    sys.orig_argv = [sys.executable, "-c", START, *arguments]  # it may start itself again
    from gate.cli import main

    main()
