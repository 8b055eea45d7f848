"""Photographs beside a table: a folder or a ZIP. Nothing is unpacked to disk."""

from __future__ import annotations

import json
import lzma
import os
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
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
_NAMES = "names.json"  # of what is kept: name → member
_NO_PHOTOGRAPHS = {
    *(".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".xlsm", ".et", ".doc", ".docx", ".pdf"),
    *(".py", ".exe", ".db", ".ini", ".lnk", ".html", ".xml", ".json", ".zip", ".rar", ".7z"),
    *(".mp4", ".mov", ".aae"),
}


class Photos(Protocol):
    """Photographs by name."""

    def has(self, name: str) -> bool: ...

    def several(self, name: str) -> bool:
        """Whether a name means more than one file, so that it needs its folder."""
        ...

    def of(self, number: str, name: str) -> list[str]:
        """Files named after a person: by number or name, 1202_李红.jpg."""
        ...

    def file(self, name: str) -> str | None:
        """The file a name means; None when there is none, or more than one."""
        ...

    def names(self) -> list[str]:
        """All photographs, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises CameraError."""
        ...

    def close(self) -> None: ...


class NamedPhotos:
    """Files found by the name people gave: in any letter case, composition of accents and slash,
    with or without their folder or suffix, as long as that means one file.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._found: dict[str, list[str]] = {}
        self._people: dict[str, list[str]] = {}
        self._all = sorted(files)
        tops = {key_of(file).split("/", 1)[0] for file in self._all}
        self._wrapped = int(len(tops) == 1 and all("/" in file for file in self._all))
        for file in self._all:
            path = PurePosixPath(key_of(file))
            if path.is_absolute() or ".." in path.parts:
                continue
            for depth in range(len(path.parts)):  # with all of its folders, some, or none
                whole = PurePosixPath(*path.parts[depth:])
                for key in dict.fromkeys((str(whole), str(whole.with_suffix("")))):
                    self._found.setdefault(key, []).append(file)
            for part in dict.fromkeys(re.split(r"[_\-+ .,，、()（）]+", path.stem)):
                self._people.setdefault(part, []).append(file)
            self._people.setdefault(path.stem, []).append(file)

    def has(self, name: str) -> bool:
        return self.file(name) is not None

    def several(self, name: str) -> bool:
        found = self._found.get(key_of(name), [])
        return len(found) > 1 and self.file(name) is None

    def of(self, number: str, name: str) -> list[str]:
        by_number = self._people.get(key_of(number), []) if number else []
        by_name = self._people.get(key_of(name), []) if name else []
        both = [file for file in by_number if file in by_name]
        return list(dict.fromkeys(both or by_number or by_name))

    def names(self) -> list[str]:
        return self._all

    def close(self) -> None:
        pass

    def file(self, name: str) -> str | None:
        key = key_of(name)
        if re.match(r"[a-z]:/|/", key) or ".." in key.split("/"):
            # a path of somebody's own computer: only its last part can mean a file here
            key = "" if ".." in key.split("/") else key.rsplit("/", 1)[-1]
        found = self._found.get(key, [])
        exact = [file for file in found if key_of(file) == key]
        if not found and "/" in key:  # the folder the table names was not packed
            last = self._found.get(key.rsplit("/", 1)[-1], [])
            found = [file for file in last if key_of(file).count("/") <= self._wrapped]
        chosen = exact or found
        return chosen[0] if len(chosen) == 1 else None


class NoPhotos(NamedPhotos):
    """None at all."""

    def __init__(self) -> None:
        super().__init__(())

    def read(self, name: str) -> bytes:
        raise CameraError("there is no such photograph", where=name, hint="check its name")


class FolderPhotos(NamedPhotos):
    """Files below one folder; links that lead out of it are as if they were not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        if not self._folder.is_dir():
            raise ConfigurationError(
                "there is no such folder of photographs", where=str(folder), hint="check the path"
            )
        files = islice((path for path in self._folder.rglob("*") if path.is_file()), MOST_FILES)
        super().__init__(
            path.relative_to(self._folder).as_posix()
            for path in files
            if path.resolve().is_relative_to(self._folder) and _may_be_one(path.name)
        )

    def read(self, name: str) -> bytes:
        file = self.file(name)
        if file is None:
            raise _unreadable(name)
        path = self._folder / file
        try:
            if path.stat().st_size > MOST_BYTES:
                raise _unreadable(name)
            return path.read_bytes()
        except OSError as error:
            raise _unreadable(name) from error


class ZipPhotos(NamedPhotos):
    """Members of a ZIP."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            members = self._archive.infolist()
        except _DAMAGED as error:
            raise ConfigurationError(
                "the ZIP file cannot be read", where=path.name, hint="pack it again"
            ) from error
        if len(members) > MOST_FILES:
            raise ConfigurationError(
                "the ZIP holds too many files", where=path.name, hint="split it"
            )
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = _name_of(member).replace("\\", "/")
            if name and not name.endswith("/") and _may_be_one(name):
                # the same path twice: the last one is what every program unpacks
                self._members[name] = member
        super().__init__(self._members)

    def read(self, name: str) -> bytes:
        file = self.file(name)
        member = self._members.get(file) if file else None
        return _member(self._archive, member, name)

    def close(self) -> None:
        self._archive.close()


class KeptPhotos(NoPhotos):
    """Some photographs in a ZIP of the program's own, by the very name that lines have for them."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError where a power cut, for example, has spoilt the file."""
        super().__init__()
        try:
            self._archive = zipfile.ZipFile(path)
            self._kept: dict[str, str] = json.loads(self._archive.read(_NAMES))
        except (*_DAMAGED, KeyError) as error:
            raise ConfigurationError(
                "the ZIP file cannot be read",
                where=path.name,
                hint="discard it and upload the table again",
            ) from error

    @staticmethod
    def pack(path: Path, names: Iterable[str], photos: Photos) -> None:
        """Write those of ``names`` that can be read, so that they outlast a power cut. Raises
        OSError."""
        members: dict[str, str] = {}
        with path.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for name in dict.fromkeys(names):
                    try:
                        content = photos.read(name)
                    except CameraError:
                        continue  # it was noted at its line
                    members[name] = str(len(members))
                    archive.writestr(members[name], content)
                archive.writestr(_NAMES, json.dumps(members, ensure_ascii=False))
            file.flush()
            os.fsync(file.fileno())

    def read(self, name: str) -> bytes:
        if name not in self._kept:
            return super().read(name)
        try:
            member = self._archive.getinfo(self._kept[name])
        except KeyError:
            member = None
        return _member(self._archive, member, name)

    def close(self) -> None:
        self._archive.close()


class BookPhotos(NamedPhotos):
    """Pictures that lie in the cells of a workbook, and others beside it."""

    def __init__(self, path: Path, pictures: Mapping[str, str], beside: Photos) -> None:
        super().__init__(beside.names())
        self._pictures = pictures
        self._beside = beside
        self._archive = zipfile.ZipFile(path)

    def has(self, name: str) -> bool:
        return name in self._pictures or self._beside.has(name)

    def several(self, name: str) -> bool:
        return self._beside.several(name)

    def file(self, name: str) -> str | None:
        return name if name in self._pictures else self._beside.file(name)

    def read(self, name: str) -> bytes:
        if name not in self._pictures:
            return self._beside.read(name)
        try:
            member = self._archive.getinfo(self._pictures[name])
        except KeyError:
            member = None
        return _member(self._archive, member, name)

    def close(self) -> None:
        self._archive.close()
        self._beside.close()


def key_of(name: str) -> str:
    """A name as it is compared: NFC, either slash, any letter case, no ./ before it."""
    key = unicodedata.normalize("NFC", name).replace("\\", "/").strip().casefold()
    return re.sub(r"/+", "/", key).removeprefix("./")


def _may_be_one(name: str) -> bool:
    """Whether a file may be a photograph: what it is its content says, when it is read."""
    path = PurePosixPath(name)
    if not path.name:
        return False
    hidden = path.name.startswith(".") or path.parts[0] in ("__MACOSX", "@eaDir")
    return not hidden and path.suffix.lower() not in _NO_PHOTOGRAPHS


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, name: str) -> bytes:
    # the size is what the archive claims; the limit below holds whatever it claims
    if member is None or member.file_size > MOST_BYTES or member.flag_bits & 1:
        raise _unreadable(name)
    try:
        with archive.open(member) as file:
            data = file.read(MOST_BYTES + 1)
    except _DAMAGED as error:
        raise _unreadable(name) from error
    if len(data) > MOST_BYTES:
        raise _unreadable(name)
    return data


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
        "the photograph is not there, too large, or damaged",
        where=name,
        hint="check the file; at most 30 MB each",
    )
