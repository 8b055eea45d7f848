"""The software as a folder, exchanged as a whole: unpacked beside, swapped by renaming, and back.

``HOME`` (``/usr/lib/gate``) is the version that runs, ``HOME.new`` the one on trial,
``HOME.previous`` the one before. Versions change places at once, so that there is a whole one at
``HOME`` whenever the power fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path

from gate import files
from gate.errors import ConfigurationError

_UNREADABLE = (
    *(OSError, EOFError, ValueError, zlib.error),
    *(tarfile.TarError, subprocess.SubprocessError),
)
PACKAGED = Path("usr/lib/gate")  # within a Debian package


class Tree:
    """Args:
    home: the folder of the software; its ``bin/python3`` runs it.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.new = home.with_name(home.name + ".new")
        self.previous = home.with_name(home.name + ".previous")

    def unpack(self, file: Path) -> None:
        """Fill ``new`` from a Debian package or a tar file. Raises ConfigurationError."""
        self.drop_new()
        try:
            if file.suffix == ".deb":
                self._from_package(file)
            else:
                with tarfile.open(file) as archive:
                    size = sum(member.size for member in archive)
                    files.require_room(self.new.parent, size)
                    archive.extractall(self.new, filter="data")
            os.sync()  # a power cut after the swap must not find empty files
        except _UNREADABLE as error:
            self.drop_new()
            raise ConfigurationError(
                f"the update cannot be unpacked: {_cause(error)}",
                where=str(getattr(error, "filename", None) or file),
                hint="check the room on the disk; nothing was changed",
            ) from None
        if not os.path.lexists(self.new / "bin" / "python3"):
            self.drop_new()
            raise ConfigurationError(
                "this is no update of the gate", where=str(file), hint="name the file published"
            )

    def drop_new(self) -> None:
        """Remove what was unpacked: half a gigabyte that nobody would look for."""
        shutil.rmtree(self.new, ignore_errors=True)

    def _from_package(self, file: Path) -> None:
        scratch = self.new.with_name(self.new.name + ".unpacked")
        shutil.rmtree(scratch, ignore_errors=True)
        size = ["dpkg-deb", "--field", str(file), "Installed-Size"]
        said = subprocess.run(size, check=True, capture_output=True, text=True).stdout
        files.require_room(scratch.parent, int(said.strip() or 0) << 10)
        try:
            subprocess.run(
                ["dpkg-deb", "-x", str(file), str(scratch)],
                check=True,
                capture_output=True,
                text=True,
            )
            (scratch / PACKAGED).rename(self.new)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def swap(self) -> None:
        """``new`` becomes the version that runs; the one there was is kept.

        Raises ConfigurationError; then the version that runs is the one there was.
        """
        try:
            shutil.rmtree(self.previous, ignore_errors=True)
            files.exchange(self.new, self.home)
            try:
                self.new.rename(self.previous)
            except OSError:
                files.exchange(self.new, self.home)
                raise
        except OSError as error:
            raise ConfigurationError(
                f"the versions cannot be exchanged: {error.strerror or error}",
                where=str(self.home),
                hint="check the folder's owner and disk; nothing was changed",
            ) from None

    def back(self) -> None:
        """The previous version runs again; the one that failed is kept as ``new``. Raises
        ConfigurationError; then the version that failed is in its place."""
        try:
            self.drop_new()
            files.exchange(self.previous, self.home)
            self.previous.rename(self.new)
        except OSError as error:
            raise ConfigurationError(
                f"the versions cannot be exchanged: {error.strerror or error}",
                where=str(self.home),
                hint=f"{self.previous} holds the version before",
            ) from None

    def python(self, folder: Path) -> Path:
        return folder / "bin" / "python3"


def _cause(error: BaseException) -> str:
    """Why, in words: a program's own, without the paths it was called with."""
    said = str(getattr(error, "stderr", None) or "").strip().splitlines()
    return said[-1] if said else str(getattr(error, "strerror", None) or error)
