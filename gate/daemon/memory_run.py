"""A gate whose disk cannot be written at its start: it runs from a copy of its register in memory.

Everybody whom the register knows gets in as always. What such a run writes lies in a file system
in memory (systemd's runtime folder, else ``/dev/shm``) and the copy is removed when it ends; its
events and a lock-down are kept there for the next start. Nothing of it replaces the register.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from gate.access.permit_keys import PUBLIC_KEYS
from gate.config.settings import Settings
from gate.daemon.door_persistence import file_of as door_of
from gate.errors import StoreError
from gate.replica.join import folder_of as hub_folder
from gate.store import memory_events
from gate.store.memory_copy import copy_register, why_unwritable
from gate.store.missing import file_of, refuse_missing

log = logging.getLogger(__name__)

_SMALL = 1 << 20  # bytes: keys, certificates, counters
_IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one gate keeps something in memory; a folder of its own, mode 0700."""

    folder: Path

    @property
    def copy(self) -> Path:
        """The data folder of a run from memory."""
        return self.folder / "copy"

    @property
    def events(self) -> Path:
        """What a run from memory recorded, for the next start."""
        return self.folder / "events"

    @property
    def door(self) -> Path:
        """A lock-down or a fire release of such a run."""
        return self.folder / "door"


@dataclass(frozen=True, slots=True)
class MemoryRun:
    """What is different in such a run.

    Attributes:
        settings: as configured, with the copy in the place of the data folder.
        configured: with the data folder on the disk.
        cause: why the disk cannot be written, as the system says it.
        register: whether the register is a copy, too; not so where it is on a database server or
            another disk.
    """

    settings: Settings
    configured: Settings
    place: Place
    cause: str
    register: bool = True

    def why(self) -> str:
        """Why the disk cannot be written now; "" where it can be."""
        return why_from_memory(self.configured, full=True)


def why_from_memory(settings: Settings, *, full: bool) -> str:
    """Why the register cannot be written because of its disk; "" where it can be.

    Args:
        full: whether a disk without room counts: the room kept back may be enough for a start.
    """
    register = file_of(settings.store, settings.data)
    for folder in dict.fromkeys([settings.data, *([register.parent] if register else [])]):
        error = why_unwritable(folder, full=full) if folder.is_dir() else None
        if error is not None:
            return error.strerror or str(error)
    return ""


def places(settings: Settings) -> Iterator[Place]:
    """Where something may be kept in memory, the best first."""
    owner = os.geteuid()
    roots = os.environ.get("RUNTIME_DIRECTORY", "").split(":")
    key = hashlib.sha256(str(settings.data.absolute()).encode()).hexdigest()[:12]
    for root in (*filter(None, roots), "/dev/shm"):
        if _in_memory(Path(root)):
            place = Place(Path(root) / f"gate-{owner}-{settings.name}-{key}")
            # in a folder that all may write, somebody else may have made it first
            if _is_ours(place.folder) or not os.path.lexists(place.folder):
                yield place


def settle(settings: Settings) -> None:
    """At the end of a run from memory, or of one that was killed: its events and its door are kept
    for the next start, the copy is removed. Call while no other daemon of the gate runs."""
    found = list(places(settings))
    for place in found:
        if place.copy.is_dir():
            # what is small fits into the first; from /dev/shm systemd removes it with the service
            for into in dict.fromkeys((found[0], place)):
                if _kept(place, into):
                    break
            shutil.rmtree(place.copy, ignore_errors=True)


def _kept(place: Place, into: Place) -> bool:
    register = place.copy / "gate.db"
    try:
        into.folder.mkdir(mode=0o700, exist_ok=True)
        if register.exists():
            memory_events.keep(register, into.events)
        for door in place.copy.glob("*.door"):
            shutil.copyfile(door, into.door)
    except (OSError, StoreError) as error:
        log.error("store.memory_events", extra={"cause": f"cannot be kept: {error}"})
        return False
    return True


def begin(settings: Settings, cause: str) -> MemoryRun:
    """Copy what the gate decides by into memory.

    Raises StoreError: there is no register, it is damaged or cannot be read, or there is no room
    in memory.
    """
    register = file_of(settings.store, settings.data)
    if register is not None and not (
        register.exists() or (settings.data / settings.store.key).exists()
    ):
        raise StoreError(
            f"the disk cannot be written ({cause}), and there is no register on it",
            where=str(register),
            hint="see with `findmnt` whether the disk of the data folder is mounted",
        )
    refuse_missing(settings.store, settings.data, create=False)
    copied = register is not None and why_unwritable(register.parent) is not None
    failed: OSError | None = None
    for place in places(settings):
        try:
            return MemoryRun(_copied(settings, place, copied), settings, place, cause, copied)
        except OSError as error:
            shutil.rmtree(place.copy, ignore_errors=True)
            failed = error
        except StoreError:
            shutil.rmtree(place.copy, ignore_errors=True)
            raise
    why = (failed.strerror or str(failed)) if failed else "there is no file system in memory"
    raise StoreError(
        f"the disk cannot be written ({cause}), and the register cannot be copied into memory: "
        f"{why}",
        where=str(settings.data),
        hint="replace the disk or card and restore the newest backup; see docs/operating.md",
    )


def hand_on_door(place: Place, settings: Settings) -> None:
    """A lock-down or a fire release of a run from memory: where the next run reads it first."""
    if not place.door.is_file():
        return
    try:
        shutil.copyfile(place.door, door_of(settings.data, settings.name))
        place.door.unlink()
    except OSError as error:
        log.error("door.file", extra={"cause": str(error)})


def _copied(settings: Settings, place: Place, copied: bool) -> Settings:
    with suppress(FileExistsError):
        place.folder.mkdir(mode=0o700)
    if not _is_ours(place.folder):
        raise OSError(0, "somebody else has taken its name", str(place.folder))
    place.copy.mkdir(mode=0o700)
    store = settings.store
    update: dict[str, object] = {
        "key": (settings.data / store.key).absolute(),
        "url": SecretStr(store.address(settings.data)),
    }
    register = file_of(store, settings.data)
    if register is not None and copied:
        copy_register(register, place.copy / "gate.db")
        update |= {"url": SecretStr(f"sqlite:///{place.copy / 'gate.db'}"), "ballast": 0}
    keys = file_of(store.model_copy(update={"url": store.person_keys}), settings.data)
    if store.person_keys.get_secret_value() and keys is not None and keys.exists():
        copy_register(keys, place.copy / "people.keys")
        update["person_keys"] = SecretStr(f"sqlite:///{place.copy / 'people.keys'}")
    _files(settings, register, place.copy)
    made = settings.model_copy(
        update={
            "data": place.copy,
            "store": store.model_copy(update=update),
            # what is learnt would be forgotten, and must not be kept unsaid
            "learning": settings.learning.model_copy(update={"enabled": False}),
        }
    )
    hand_on_door(place, made)
    return made


def _files(settings: Settings, register: Path | None, copy: Path) -> None:
    found = [*settings.data.glob(PUBLIC_KEYS), door_of(settings.data, settings.name)]
    for path in found:
        _file(path, copy / path.name)
    if register is not None:
        _file(register.with_suffix(".counters"), (copy / "gate.db").with_suffix(".counters"))
    hub = hub_folder(settings.data)
    if hub.is_dir():
        hub_folder(copy).mkdir(mode=0o700)
        for path in hub.iterdir():
            _file(path, hub_folder(copy) / path.name)


def _file(path: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_size <= _SMALL:
            shutil.copyfile(path, target)
            target.chmod(0o600)


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user, and nobody else can open it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def _in_memory(folder: Path) -> bool:
    """Whether a folder lies in a file system in memory that can be written."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        resolved = folder.resolve(strict=True)
    except OSError:
        return False
    best, kind = -1, ""
    for line in lines:
        mounted, _, rest = line.partition(" - ")
        point = mounted.split()[4].encode().decode("unicode_escape")
        if resolved.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), rest.split()[0]
    return kind in _IN_MEMORY and os.access(folder, os.W_OK)
