"""The software as a folder, exchanged as a whole: unpacked beside, swapped by renaming, and back.

``HOME`` (``/usr/lib/gate``) is the version that runs, ``HOME.new`` the one on trial,
``HOME.previous`` the one before. Both swaps are two renames within one file system.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path

from gate.errors import ConfigurationError

_UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError, subprocess.SubprocessError)
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
        shutil.rmtree(self.new, ignore_errors=True)
        try:
            if file.suffix == ".deb":
                self._from_package(file)
            else:
                with tarfile.open(file) as archive:
                    archive.extractall(self.new, filter="data")
        except _UNREADABLE as error:
            shutil.rmtree(self.new, ignore_errors=True)
            raise ConfigurationError(
                f"the update cannot be unpacked: {error}",
                where=str(file),
                hint="check the room on the disk; nothing was changed",
            ) from None
        if not (self.new / "bin" / "python3").exists():
            shutil.rmtree(self.new, ignore_errors=True)
            raise ConfigurationError(
                "this is no update of the gate", where=str(file), hint="name the file published"
            )

    def _from_package(self, file: Path) -> None:
        scratch = self.new.with_name(self.new.name + ".unpacked")
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            subprocess.run(
                ["dpkg-deb", "-x", str(file), str(scratch)], check=True, capture_output=True
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
            self.home.rename(self.previous)
            try:
                self.new.rename(self.home)
            except OSError:
                self.previous.rename(self.home)
                raise
        except OSError as error:
            raise ConfigurationError(
                f"the versions cannot be exchanged: {error.strerror or error}",
                where=str(self.home),
                hint="check the folder's owner and disk; nothing was changed",
            ) from None

    def back(self) -> None:
        """The previous version runs again; the one that failed is kept as ``new``."""
        shutil.rmtree(self.new, ignore_errors=True)
        self.home.rename(self.new)
        self.previous.rename(self.home)

    def python(self, folder: Path) -> Path:
        return folder / "bin" / "python3"
