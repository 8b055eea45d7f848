"""Files that take up room, so that there is some to give back when the disk is full.

Two kinds, beside the database. The ballast makes room for the last events and is given back as a
whole, by the writer of events alone. The reserve is for what people must still be able to do then:
sign in, lock the door, order it; any process gives back one piece of it at a time, and everything
else that writes leaves the rest of that piece alone.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

PIECES = 8
PIECE = 512 << 10  # bytes; a sign-in with its audit line writes some 60 KB
_SCARCE = 256 << 10  # bytes free below which an urgent write is given a piece
_KEPT = 1 << 20  # bytes free below which ordinary writes wait once a piece was given back


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
            _fill(self._path, self._size)
            self._present = True
        except OSError:
            self._path.unlink(missing_ok=True)


class Reserve:
    """Room for urgent writes, in pieces shared by all processes that open the database.

    Args:
        database: the database's file. The pieces are ``NAME-0.reserve`` to ``NAME-7.reserve``.
    """

    def __init__(self, database: Path) -> None:
        self._folder = database.parent
        self._pieces = [database.with_name(f"{database.stem}-{n}.reserve") for n in range(PIECES)]

    def before(self, *, urgent: bool) -> bool:
        """Called before each write transaction. Whether it may go on.

        An urgent one always may; where room is scarce it is given a piece first. Any other may not
        while what is left on the disk was given back for urgent ones.
        """
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:  # the disk itself fails: the database says so better
            return True
        if urgent:
            if free < _SCARCE:
                self._drop_one()
            return True
        return free >= _KEPT or self._pieces[0].exists()

    def restore(self) -> None:
        """Make the missing pieces once the disk has three times the room of all."""
        missing = [piece for piece in self._pieces if not _whole(piece)]
        if not missing:
            return
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free < 3 * PIECES * PIECE:
                return
            for piece in missing:
                try:
                    _fill(piece, PIECE)
                except OSError:
                    piece.unlink(missing_ok=True)
                    raise

    def _drop_one(self) -> None:
        for piece in self._pieces:
            with suppress(OSError):
                piece.unlink()
                return


def _whole(piece: Path) -> bool:
    try:
        return piece.stat().st_size >= PIECE
    except OSError:
        return False


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
