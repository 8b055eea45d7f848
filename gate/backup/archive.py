"""What a backup holds, how it is written while the gate runs, and how it is put back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gate import __version__, files
from gate.backup import sealed
from gate.errors import StoreError
from gate.store import register_copy
from gate.store.copies import working_folder
from gate.store.engine import Database
from gate.store.missing import BACKUP

SUFFIX = BACKUP
MANIFEST = "manifest.json"
CONFIGURATION = "configuration/gate.toml"
DATA = "data/"
# of the data folder: what can be fetched or made again, what is half done, what is a process's own
LEFT_OUT = frozenset({"models", "converted", "imports", "demo", "bench", "keys", "uploads"})
LEFT_OUT_SUFFIXES = (
    "-wal",
    "-shm",
    "-turn",
    "-journal",
    ".ballast",
    ".reserve",
    ".counters",
    ".door",
    files.PART,
    ".lock",
    ".tmp",
    register_copy.SUFFIX,
    SUFFIX,
)
LARGEST_MANIFEST = 4 << 20
# the key under which the store keeps what is known of the newest verified backup
NEWEST = "backup"
_CHUNK = 1 << 20
_ABANDONED = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup.

    Attributes:
        gate: the gate's name.
        version: the software that wrote it.
        made: UTC, ISO 8601.
        people, events: how many the database holds.
        last_event: number of the newest event.
        files: name in the archive → SHA-256, hexadecimal.
    """

    gate: str
    version: str
    made: str
    people: int
    events: int
    last_event: int
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    size: int
    manifest: Manifest


def write(
    database: Database,
    data: Path,
    configuration: Path,
    target: Path,
    header: sealed.Header,
    *,
    gate: str,
    counts: tuple[int, int, int],
    now: datetime,
) -> Written:
    """Copy, seal, read back and compare; only then does the file get its name.

    Args:
        database: copied consistently while others write to it.
        data: the data folder; everything in it but ``LEFT_OUT``.
        configuration: the configuration file.
        target: the folder for the backup; made when it is missing.
        counts: people, events and the number of the newest event, for the manifest.

    Raises StoreError: disk full, folder not writable, or what was read back is not what was
    written.
    """
    name = f"{gate}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    final, half = target / name, target / f".{name}{files.PART}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        _drop_abandoned(target.glob(f".{gate}-????????T??????Z{SUFFIX}{files.PART}"))
    except OSError as error:
        raise _unwritable(error, target) from error
    try:
        with working_folder(data, "backup-") as folder:
            copy = folder / "gate.db"
            database.backup(copy)
            sources = dict(_sources(data, configuration, database.path, copy))
            manifest = Manifest(
                gate=gate,
                version=__version__,
                made=now.astimezone(UTC).isoformat(timespec="seconds"),
                people=counts[0],
                events=counts[1],
                last_event=counts[2],
                files={inside: _digest(path) for inside, path in sources.items()},
            )
            files.require_room(target, sum(path.stat().st_size for path in sources.values()))
            _seal(half, header, manifest, sources)
        with half.open("rb") as back:
            back.readline()
            read = verify(back, header, str(half))
        if read != manifest:
            raise StoreError(
                "the backup reads back differently",
                where=str(half),
                hint="make the backup again, on another disk",
            )
        half.replace(final)
    except OSError as error:
        _drop(half)
        raise _unwritable(error, target) from error
    except BaseException:
        _drop(half)
        raise
    return Written(final, final.stat().st_size, manifest)


def _seal(
    file: Path, header: sealed.Header, manifest: Manifest, sources: Mapping[str, Path]
) -> None:
    """Write the manifest and every file, sealed, and wait until they are on the disk."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        sealer = sealed.Sealer(out, header)
        # a file that can only be written to; the size of its copies is not in the stubs
        with tarfile.open(  # type: ignore[call-overload]
            fileobj=sealer, mode="w", copybufsize=_CHUNK
        ) as archive:
            _add(archive, MANIFEST, json.dumps(asdict(manifest)).encode())
            for inside, path in sources.items():
                archive.add(path, arcname=inside, recursive=False)
        sealer.close()
        out.flush()
        os.fsync(out.fileno())


def verify(source: BinaryIO, header: sealed.Header, where: str) -> Manifest:
    """Read all of it, compare every file with the manifest. Raises StoreError."""
    manifest, seen = None, {}
    for inside, content in _members(source, header, where):
        if manifest is None:
            manifest = _manifest(inside, content.read(LARGEST_MANIFEST), where)
            continue
        seen[inside] = _digest_of(content)
    if manifest is None or seen != manifest.files:
        raise _damaged(where)
    return manifest


def extract(source: BinaryIO, header: sealed.Header, folder: Path, where: str) -> Manifest:
    """Unpack into an empty folder, each file compared with the manifest. Raises StoreError."""
    manifest, seen = None, {}
    for inside, content in _members(source, header, where):
        if manifest is None:
            manifest = _manifest(inside, content.read(LARGEST_MANIFEST), where)
            continue
        path = folder / inside
        if not path.resolve().is_relative_to(folder.resolve()) or inside not in manifest.files:
            raise _damaged(where)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as out:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        seen[inside] = digest.hexdigest()
    if manifest is None or seen != manifest.files:
        raise _damaged(where)
    return manifest


def configuration(source: BinaryIO, header: sealed.Header, where: str) -> bytes | None:
    """The configuration a backup holds, without unpacking the rest. Raises StoreError."""
    for inside, content in _members(source, header, where):
        if inside == CONFIGURATION:
            return content.read()
        if inside != MANIFEST:
            return None  # it comes before the data
    return None


def _drop(half: Path) -> None:
    with suppress(OSError):  # of a disk that was never written to, too
        half.unlink()


def _drop_abandoned(paths: Iterable[Path]) -> None:
    """What a kill or a power cut left half-written; one that is being written is younger."""
    for path in paths:
        if time.time() - path.stat().st_mtime > _ABANDONED:
            path.unlink(missing_ok=True)


def rotate(folder: Path, gate: str, keep: int) -> list[Path]:
    """Delete the oldest backups of this gate beyond ``keep``; the newest always stays."""
    mine = sorted(folder.glob(f"{gate}-????????T??????Z{SUFFIX}"))
    old = mine[: -max(keep, 1)]
    for path in old:
        path.unlink()
    return old


def _sources(
    data: Path, configuration: Path, database: Path | None, copy: Path
) -> Iterator[tuple[str, Path]]:
    if configuration.is_file():
        yield CONFIGURATION, configuration
    inside = database.relative_to(data).as_posix() if database is not None else "gate.db"
    yield DATA + inside, copy
    for path in sorted(data.rglob("*")):
        parts = path.relative_to(data).parts
        if parts[0] in LEFT_OUT or any(part.endswith(LEFT_OUT_SUFFIXES) for part in parts):
            continue
        if path.is_file() and not path.is_symlink() and path != database:
            yield DATA + "/".join(parts), path


def _members(source: BinaryIO, header: sealed.Header, where: str) -> Iterator[tuple[str, BinaryIO]]:
    try:
        stream = _Stream(sealed.pieces(source, header, where))
        buffered = io.BufferedReader(stream, _CHUNK)
        # small buffers made a gigabyte a hundred thousand calls in Python
        with tarfile.open(fileobj=buffered, mode="r|", bufsize=_CHUNK) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise _damaged(where)
                yield member.name, content  # type: ignore[misc]
    except tarfile.TarError:
        raise _damaged(where) from None


class _Stream(io.RawIOBase):
    """Pieces as a file that can only be read forwards."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _manifest(inside: str, text: bytes, where: str) -> Manifest:
    try:
        if inside != MANIFEST:
            raise ValueError
        return Manifest(**json.loads(text))
    except (ValueError, TypeError):
        raise _damaged(where) from None


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _unwritable(error: OSError, target: Path) -> StoreError:
    return StoreError(
        f"the backup cannot be written: {error.strerror or error}",
        where=str(error.filename or target),
        hint="name a folder with room that the gate's user may write to",
    )


def _damaged(where: str) -> StoreError:
    return StoreError(
        "the backup is damaged: what is in it is not what its list says",
        where=where,
        hint="take the backup before this one",
    )
