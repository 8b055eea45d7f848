"""The register on a PostgreSQL server as it was before its schema changed: a file of ``pg_dump``.

It lies in the data folder, is read back before it counts, and is the way back to the version before
for three days, as the copy of an SQLite file is (``gate.store.register_copy``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

from gate import files
from gate.store import register_copy

UNCOPIED = "GATE_NO_COPY"  # in the environment: somebody has seen to a copy
_NAMED = "register"  # the copy is register-0008.before


class NoCopyError(Exception):
    """Why there is none, in one line."""


def copy_before(url: URL, folder: Path, schema: str) -> Path:
    """A dump in PostgreSQL's own format, mode 0600; those of other schemas go.

    Raises NoCopyError: no ``pg_dump``, one older than the server, no room; nothing half-written is
    left then.
    """
    target = register_copy.path_of(folder / f"{_NAMED}.db", schema)
    part = target.with_name(f".{target.name}{files.PART}")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _run("pg_dump", "--format=custom", "--no-password", f"--file={part}", url=url)
        if "alembic_version" not in _run("pg_restore", "--list", str(part)):
            raise NoCopyError("the dump is not whole")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise NoCopyError(error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            part.unlink()
    for other in register_copy.copies(folder / f"{_NAMED}.db"):
        if other != target:
            other.unlink(missing_ok=True)
    return target


def forget_old(folder: Path) -> bool:
    """Delete dumps older than three days; whether none is left."""
    return register_copy.forget_old(folder / f"{_NAMED}.db")


def _run(program: str, *arguments: str, url: URL | None = None) -> str:
    """What it prints. The password is in its environment, where nobody else sees it."""
    found = shutil.which(program)
    if found is None:
        raise NoCopyError(f"there is no {program}")
    environment = dict(os.environ)
    if url is not None:
        from psycopg.conninfo import make_conninfo

        query = {name: value for name, value in url.query.items() if isinstance(value, str)}
        given = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
        known = {name: str(value) for name, value in given.items() if value}
        arguments = (*arguments, f"--dbname={make_conninfo(**{**known, **query})}")
        if url.password is not None:
            environment["PGPASSWORD"] = str(url.password)
    done = subprocess.run(
        [found, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{program} ended with {done.returncode}"]
        raise NoCopyError(lines[0])
    return done.stdout
