"""Photographs beside a table: a folder or a ZIP. Nothing is unpacked to disk."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol

from gate.errors import CameraError, ConfigurationError

MOST_BYTES = 30 << 20  # of one photograph
MOST_FILES = 500_000
_UTF_8 = 0x800
# what a damaged or foreign archive makes the reader raise
_DAMAGED = (
    *(OSError, EOFError, ValueError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Photos(Protocol):
    """Photographs by name."""

    def has(self, name: str) -> bool: ...

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises CameraError."""
        ...

    def close(self) -> None: ...


class NoPhotos:
    """None at all."""

    def has(self, name: str) -> bool:
        return False

    def read(self, name: str) -> bytes:
        raise CameraError("There is no such photograph", where=name, mend="check its name")

    def close(self) -> None:
        pass


class FolderPhotos:
    """Files below one folder; a name that leads out of it is as if it were not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        if not self._folder.is_dir():
            raise ConfigurationError(
                "There is no such folder of photographs", where=str(folder), mend="check the path"
            )

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def read(self, name: str) -> bytes:
        path = self._find(name)
        if path is None or path.stat().st_size > MOST_BYTES:
            raise _unreadable(name)
        return path.read_bytes()

    def close(self) -> None:
        pass

    def _find(self, name: str) -> Path | None:
        path = (self._folder / name).resolve()
        inside = path.is_relative_to(self._folder) and path.suffix.lower() in SUFFIXES
        return path if inside and path.is_file() else None


class ZipPhotos:
    """Members of a ZIP, found by their path in it or, when that is unique, by their file name."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            members = self._archive.infolist()
        except _DAMAGED as error:
            raise ConfigurationError(
                "The ZIP file cannot be read", where=path.name, mend="pack it anew"
            ) from error
        if len(members) > MOST_FILES:
            raise ConfigurationError(
                "The ZIP holds too many files", where=path.name, mend="split it"
            )
        paths: dict[str, zipfile.ZipInfo] = {}
        alone: dict[str, list[zipfile.ZipInfo]] = {}
        for member in members:
            name = PurePosixPath(_name_of(member))
            harmless = not name.is_absolute() and ".." not in name.parts
            if harmless and not member.is_dir() and name.suffix.lower() in SUFFIXES:
                paths[str(name)] = member
                alone.setdefault(name.name, []).append(member)
        self._members = {name: found[0] for name, found in alone.items() if len(found) == 1} | paths

    def has(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        member = self._members.get(name)
        # the size is what the archive claims; the limit below holds whatever it claims
        if member is None or member.file_size > MOST_BYTES or member.flag_bits & 1:
            raise _unreadable(name)
        try:
            with self._archive.open(member) as file:
                data = file.read(MOST_BYTES + 1)
        except _DAMAGED as error:
            raise _unreadable(name) from error
        if len(data) > MOST_BYTES:
            raise _unreadable(name)
        return data

    def close(self) -> None:
        self._archive.close()


def _name_of(member: zipfile.ZipInfo) -> str:
    """As who packed it meant it: without a mark for UTF-8 Windows writes the names of a Chinese
    system in GB 18030, and others UTF-8 all the same."""
    if not member.flag_bits & _UTF_8:
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                return member.filename.encode("cp437").decode(encoding)  # as Python took it
    return member.filename


def open_photos(path: Path | None) -> Photos:
    """A folder, a ZIP, or nothing. Raises ConfigurationError."""
    if path is None:
        return NoPhotos()
    return FolderPhotos(path) if path.is_dir() else ZipPhotos(path)


def _unreadable(name: str) -> CameraError:
    return CameraError(
        "The photograph is not there, too large, or damaged",
        where=name,
        mend="check the file; at most 30 MB each",
    )
