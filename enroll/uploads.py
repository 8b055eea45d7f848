"""The files of imports on the box: a folder for each while its lines are carried out.

Of an import that is done only the lines of which a face is still to be picked stay, and their
photographs: the table and everybody else's photographs go.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from gate.files import PART
from gate.importing.book import Book
from gate.importing.check import photo_names
from gate.importing.choices import load_lines, save_lines
from gate.importing.photos import BookPhotos, KeptPhotos, Photos, open_photos
from gate.importing.wrong import Line

_TABLE, _PHOTOS, _CHOICES, _LINES = "table", "photos.zip", "choices.json", "lines.json"
_KEPT = "kept.zip"
_COMMAND = "command-%s.json"  # lines of an import of the command line
_HALF = f"{_TABLE}{PART}"


class Uploads:
    """Folders below ``folder``, each of mode 0700 and named by the number of its import."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, job: int, table: BinaryIO, photos: BinaryIO | None) -> None:
        """Write what was uploaded; the table has its name once all of it is on the disk. Raises
        OSError."""
        folder = self._of(job)
        folder.mkdir(parents=True, mode=0o700)
        _write(folder / _HALF, table)
        if photos is not None:
            _write(folder / _PHOTOS, photos)
        (folder / _HALF).replace(folder / _TABLE)

    def broken_off(self) -> list[int]:
        """Imports whose upload ended with the program: half a table could be taken for all of it.
        To be asked before anything is taken in."""
        return [job for job in self.jobs() if (self._of(job) / _HALF).exists()]

    def table(self, job: int) -> Path:
        return self._of(job) / _TABLE

    def choices(self, job: int) -> Path:
        return self._of(job) / _CHOICES

    def there(self, job: int) -> bool:
        """Whether anything of it is kept."""
        return self._of(job).exists()

    def photos(self, job: int, book: Callable[[], Book | None]) -> Photos:
        """Its photographs; ``book`` reads the workbook they may lie in. Raises GateError."""
        if (self._of(job) / _KEPT).exists():
            return KeptPhotos(self._of(job) / _KEPT)
        packed = self._of(job) / _PHOTOS
        photos = open_photos(packed if packed.exists() else None)
        read = book()
        inside = read.pictures if read is not None else {}
        return BookPhotos(self.table(job), inside, photos) if inside else photos

    def lines(self, job: int) -> list[Line]:
        """The lines of its plan. Raises ConfigurationError when they are not there."""
        return load_lines(self._of(job) / _LINES)

    def keep_lines(self, job: int, lines: list[Line]) -> None:
        save_lines(self._of(job) / _LINES, lines)

    def keep_only(self, job: int, numbers: Collection[int], photos: Callable[[], Photos]) -> None:
        """Reduce what is kept to the lines of these numbers; without any, nothing is.

        Raises GateError, OSError; what is kept is complete before anything goes.
        """
        folder = self._of(job)
        before = self.lines(job) if numbers and folder.exists() else []
        wanted = [line for line in before if line.number in numbers]
        if not wanted:
            self.drop(job)
        elif wanted != before or not (folder / _KEPT).exists():
            read = photos()
            try:
                names = [name for line in wanted for name in photo_names(line.values)]
                KeptPhotos.pack(folder / f"{_KEPT}.part", names, read)
            finally:
                read.close()
            (folder / f"{_KEPT}.part").replace(folder / _KEPT)
            self.keep_lines(job, wanted)
            for path in folder.iterdir():
                if path.name not in (_KEPT, _LINES):
                    path.unlink(missing_ok=True)

    def jobs(self) -> set[int]:
        """Numbers of the imports of which there is a folder, or lines of the command line."""
        names = {path.name for path in self._folder.glob("*")}
        names |= {path.stem.rpartition("-")[2] for path in self._folder.glob(_COMMAND % "*")}
        return {int(name) for name in names if name.isascii() and name.isdigit()}

    def drop(self, job: int) -> None:
        shutil.rmtree(self._of(job), ignore_errors=True)
        (self._folder / (_COMMAND % job)).unlink(missing_ok=True)

    def _of(self, job: int) -> Path:
        return self._folder / str(job)


def _write(path: Path, content: BinaryIO) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())
