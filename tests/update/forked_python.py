"""A ``python3`` that has other people's packages imported already, and nothing of the gate's.

Two thirds of a gate's start are imports of packages. A server imports them once and forks itself
for each program that is started; the gate's code is imported from the program's own
``PYTHONPATH``. What is forked has its own arguments, environment, folder, files, signals and end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# what a gate that runs imports of others; one that is not here is imported by each program
PACKAGES = (
    "alembic.command",
    "babel.support",
    "cryptography.x509",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cv2",
    "dlib",
    "httpx",
    "jsonschema",
    "numpy",
    "onnxruntime",
    "paho.mqtt.client",
    "prometheus_client",
    "pydantic_settings",
    "rich.table",
    "serial",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.orm",
    "starlette.applications",
    "tomlkit",
    "typer.rich_utils",
    "uvicorn.protocols.http.h11_impl",
    "zxingcpp",
)

# hands the server what it was started with, passes signals on, ends as the program does
_CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
given = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(server, [len(given).to_bytes(4, "big")], [0, 1, 2])
server.sendall(given)
program = int.from_bytes(server.recv(4) or sys.exit("it was not started"), "big")
signal.signal(signal.SIGTERM, lambda number, frame: os.kill(program, number))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
os._exit(int.from_bytes(server.recv(4) or sys.exit("its end is unknown"), "big"))
"""


@contextmanager
def forked_python(folder: Path) -> Iterator[Path]:
    """The program, which lies in ``folder`` and works meanwhile."""
    program = folder / "python3"
    with (
        tempfile.TemporaryDirectory(prefix="gate-python-") as short,  # for the name of a socket
        socket.socket(socket.AF_UNIX) as listening,
    ):
        address = f"{short}/server"
        listening.bind(address)
        listening.listen()
        command = [sys.executable, "-P", __file__, str(listening.fileno())]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        server = subprocess.Popen(command, pass_fds=[listening.fileno()], env=environment)
        program.write_text(_CLIENT.format(python=sys.executable, address=address))
        program.chmod(0o755)
        try:
            yield program
        finally:
            server.kill()
            server.wait()


def _serve(listening: socket.socket) -> None:
    for name in PACKAGES:
        importlib.import_module(name)
    import dlib

    found = dlib.get_frontal_face_detector()  # half a second
    dlib.get_frontal_face_detector = lambda: found
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)  # so that what programs use counts as the tests' too
    while True:
        client, _ = listening.accept()
        if not os.fork():
            listening.close()
            _look_after(client)
        client.close()


def _reap(number: int, frame: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _look_after(client: socket.socket) -> None:
    """One program: start it and say how it ended. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, _, _ = socket.recv_fds(client, 4, 3)
    given = b""
    while len(given) < int.from_bytes(size, "big"):
        given += client.recv(1 << 16)
    program = os.fork()
    if not program:
        client.close()
        _become(files, *json.loads(given))
        sys.exit()
    client.sendall(program.to_bytes(4, "big"))
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    client.sendall((status if status >= 0 else 128 - status).to_bytes(4, "big"))
    os._exit(0)


def _become(
    files: list[int], arguments: list[str], environment: dict[str, str], folder: str
) -> None:
    """What an interpreter does with ``-m MODULE`` and ``-c CODE``, both perhaps after ``-P``."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    safe = arguments[0] == "-P"
    how, what, *rest = arguments[safe:]
    sys.path[0:0] = [*([] if safe else [folder]), *environment["PYTHONPATH"].split(os.pathsep)]
    sys.orig_argv = [sys.executable, *arguments]
    if how == "-m":
        sys.argv = [what, *rest]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [how, *rest]
        exec(what, {"__name__": "__main__"})


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
