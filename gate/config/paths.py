"""Relative paths of a configuration: below a folder that does not depend on where one calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from gate.camera.settings import CameraSettings, masked
from gate.errors import ConfigurationError
from gate.exporting.settings import ExportSettings
from gate.store.settings import StoreSettings

_Model = TypeVar("_Model", bound=BaseModel)


def below(model: _Model, base: Path) -> _Model:
    """The same model with every relative path below ``base``; those of [store] are below data."""
    moved: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, StoreSettings):
            continue
        if isinstance(value, BaseModel):
            moved[name] = below(value, base)
        elif isinstance(value, Path):
            moved[name] = base / value
        elif isinstance(value, tuple):
            moved[name] = tuple(_entry_below(entry, base) for entry in value)
    return model.model_copy(update=moved)


def _entry_below(entry: Any, base: Path) -> Any:
    match entry:
        case CameraSettings():
            return _file_below(entry, base)
        case ExportSettings():
            return _export_below(entry, base)
    return entry


def _file_below(camera: CameraSettings, base: Path) -> CameraSettings:
    if camera.source_file is not None:
        camera = camera.model_copy(update={"source": _read_source(base / camera.source_file)})
    if "://" in camera.source:
        return camera
    return camera.model_copy(update={"source": str(base / camera.source)})


def _export_below(export: ExportSettings, base: Path) -> ExportSettings:
    moved = below(export, base)
    own = "/" in export.mapping or export.mapping.endswith(".toml")
    return moved.model_copy(update={"mapping": str(base / export.mapping)}) if own else moved


def _read_source(path: Path) -> str:
    try:
        source = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigurationError(
            f"the source of the camera cannot be read: {reason}",
            where=f"[[camera]] source_file: {masked(str(path))}",
            hint="write the camera's address into the file, readable by the user the gate runs as",
        ) from None
    if not source or "\n" in source:
        raise ConfigurationError(
            "the file with the camera's source has to hold one line",
            where=f"[[camera]] source_file: {masked(str(path))}",
            hint="write the camera's address into it, and nothing else",
        )
    return source
