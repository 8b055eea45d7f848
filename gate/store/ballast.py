"""A file that takes up room, so that there is some to give back when the disk is full."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class Ballast:
    """``size`` bytes beside the database. Touched by the writer's thread only."""

    def __init__(self, path: Path | None, size: int) -> None:
        self._path = path
        self._size = size
        self._present = False
        if path is not None and size:
            # one left empty by a power cut gives nothing back
            self._present = path.is_file() and path.stat().st_size >= size
            self.restore()

    def drop(self) -> bool:
        """Give the room back. False when that was done before."""
        if self._path is None or not self._present:
            return False
        self._present = False
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def restore(self) -> None:
        """Take up room again once the disk has three times as much."""
        if self._path is None or self._present or not self._size:
            return
        try:
            if shutil.disk_usage(self._path.parent).free < 3 * self._size:
                return
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
            self._present = True
        except OSError:
            self._path.unlink(missing_ok=True)
