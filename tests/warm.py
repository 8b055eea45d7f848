"""``gate`` as a process of its own, without its two or three seconds of imports.

A server has imported all commands and forks itself for every program (multiprocessing's
forkserver). What is forked is a process like any other: own signals, own files, own end. Tests of
how ``gate`` is loaded start an interpreter instead.

With ``--processes`` the server is forked from the process that collected the tests, which has
imported all that there is; else the first program starts it.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

ROOT = Path(__file__).parent.parent
Given = TypeVar("Given")
Found = TypeVar("Found")
START = "from gate.cli import main; main()"
_READY = "tests.warm_imports"

_context = multiprocessing.get_context("forkserver")


class Task:
    """A function of a module in a process of its own, started at once; as much of subprocess.Popen
    as tests use.

    Args:
        out: what it prints is appended to this file, errors too unless ``errors`` is given.
        environment: all of it; None is that of the test.
    """

    def __init__(
        self,
        function: Callable[..., object],
        *given: Any,
        out: Path,
        errors: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._out = f"{function.__name__}{given}", out
        _serve()
        environment = dict(os.environ if environment is None else environment)
        self._process = _context.Process(
            target=_body,
            args=(function, given, out, errors or out, environment, Path.cwd()),
            daemon=True,  # a test that fails before it ends the program leaves none behind
        )
        self._process.start()

    def says(self) -> bool:
        """Whether there is a whole line in what it prints to."""
        return self._out.exists() and b"\n" in self._out.read_bytes()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its status once it has ended; negative for a signal."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its status. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(self._name, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Program(Task):
    """``gate`` with ``arguments``; the rest is as with ``Task``."""

    def __init__(
        self,
        *arguments: str,
        out: Path,
        errors: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(_gate, *arguments, out=out, errors=errors, environment=environment)


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


@contextmanager
def served_from_here() -> Iterator[None]:
    """The server is forked from this process, for this one and those it forks meanwhile.

    Only while there is one thread.
    """
    server: Any = forkserver._forkserver  # type: ignore[attr-defined]
    if sys.version_info >= (3, 14):  # whose server asks for a key: each process starts one
        yield
        return
    alive, kept = os.pipe()
    folder = tempfile.TemporaryDirectory(prefix="gate-warm-")
    address = f"{folder.name}/server"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        process = os.fork()
        if not process:
            os.close(kept)
            _serve_forked(listener.detach(), alive)
    os.close(alive)
    resource_tracker.ensure_running()
    server._forkserver_address, server._forkserver_alive_fd = address, kept
    server.ensure_running = lambda: None
    try:
        yield
    finally:
        del server.ensure_running
        server._forkserver_address = server._forkserver_alive_fd = None
        os.close(kept)
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
        folder.cleanup()


def _serve_forked(listener: int, alive: int) -> None:
    """In the forked process: be the server, without what pytest has put in the way."""
    try:
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
        sys.modules["__main__"] = ModuleType("__main__")  # after which a program is named
        sys.unraisablehook, threading.excepthook = sys.__unraisablehook__, threading.__excepthook__
        importlib.import_module(_READY)
        forkserver.main(listener, alive, [])
    finally:
        os._exit(0)


def _serve() -> None:
    """Start the server unless it runs."""
    _context.set_forkserver_preload([_READY])
    with contextlib.chdir(ROOT):  # whence it imports
        forkserver._forkserver.ensure_running()  # type: ignore[attr-defined]


def _body(
    function: Callable[..., object],
    given: tuple[Any, ...],
    out: Path,
    errors: Path,
    environment: dict[str, str],
    folder: Path,
) -> None:
    """In the forked process: become what the shell would have started."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, stream, number in ((out, sys.stdout, 1), (errors, sys.stderr, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    function(*given)


def _gate(*arguments: str) -> None:
    sys.argv = ["gate", *arguments]
    sys.orig_argv = [sys.executable, "-c", START, *arguments]  # it may start itself again
    from gate.cli import main

    main()
