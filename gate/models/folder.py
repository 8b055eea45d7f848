"""Where installed models are, and whether they are what they should be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from gate.errors import ModelError
from gate.models.settings import ModelsSettings
from gate.models.table import Model, ModelFile, model


class State(StrEnum):
    INCLUDED = "included"  # comes with the packages
    INSTALLED = "installed"
    MISSING = "missing"
    DAMAGED = "damaged"  # there, and not the file of the table


def folders(settings: ModelsSettings, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where models are looked for: the own folder, then GATE_MODELS_DIR."""
    extra = environ.get("GATE_MODELS_DIR", "")
    return (settings.folder, Path(extra)) if extra else (settings.folder,)


def find(name: str, settings: ModelsSettings) -> Path | None:
    """The file to open for the model ``name``, or None when it is not installed and whole.

    None too where ``provenance`` excludes it.

    Every file of the model is compared with its hash; a file that has not changed since (same
    size and modification time) is not read again. Raises ModelError for an unknown name.
    """
    wanted = model(name)
    if not accepted(wanted, settings):
        return None
    for folder in _places(name, settings):
        if state_in(folder, wanted) is State.INSTALLED:
            return folder / wanted.files[0].path
    return None


def _places(name: str, settings: ModelsSettings) -> tuple[Path, ...]:
    """Where one model is looked for: what a hub gives counts only for the names it gives."""
    carried = settings.carried
    if carried is None or name not in carried[1]:
        return folders(settings)
    return (*folders(settings), carried[0])


def accepted(wanted: Model, settings: ModelsSettings) -> bool:
    """Whether ``provenance`` allows the model."""
    return settings.provenance == "any" or bool(wanted.training)


def state(wanted: Model, settings: ModelsSettings) -> tuple[State, Path | None]:
    """The state of a model, and where it is or is damaged."""
    if not wanted.files:
        return State.INCLUDED, None
    seen = [(state_in(folder, wanted), folder) for folder in _places(wanted.name, settings)]
    for looked_for in (State.INSTALLED, State.DAMAGED):
        for found, folder in seen:
            if found is looked_for:
                return found, folder / wanted.files[0].path
    return State.MISSING, None


def state_in(folder: Path, wanted: Model) -> State:
    """The state of a model in one folder."""
    if not wanted.files:
        return State.INCLUDED
    there = [(folder / file.path).is_file() for file in wanted.files]
    if not all(there):
        return State.DAMAGED if any(there) else State.MISSING
    whole = all(is_whole(folder / file.path, file) for file in wanted.files)
    return State.INSTALLED if whole else State.DAMAGED


def is_whole(path: Path, file: ModelFile) -> bool:
    """Whether ``path`` holds exactly ``file``."""
    try:
        stat = path.stat()
        if file.size is not None and stat.st_size != file.size:
            return False
        expected = file.sha256 or recorded(path)
        return _hash(str(path), stat.st_mtime_ns, stat.st_size) == expected
    except OSError:
        return False


def record(path: Path, sha256: str) -> None:
    """Note the hash of a file that the table has none for, as it was when it was installed."""
    _note(path).write_text(sha256 + "\n")


def recorded(path: Path) -> str | None:
    """The hash noted at installation, or None."""
    try:
        return _note(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def sha256_of(path: Path) -> str:
    """The hash of a file's content, hexadecimal. Raises ModelError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"a model file cannot be read: {error.strerror}",
            where=str(path),
            hint="check the file's owner and mode",
        ) from None


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


@lru_cache(maxsize=64)
def _hash(path: str, modified: int, size: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
