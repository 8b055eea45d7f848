"""The configuration file as a document: values change, every comment and line else stays."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from gate.config.reference import as_toml
from gate.config.settings import Settings, build, load
from gate.errors import ConfigurationError
from gate.setup.shipped import place

MODE = 0o640  # the broker's and readers' secrets may be in it


class Document:
    """One configuration file. ``set`` changes values in memory, ``save`` checks and writes."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._before = text
        try:
            self._toml = tomlkit.parse(text)
        except TOMLKitError as error:
            raise ConfigurationError(
                f"the configuration is not TOML: {error}",
                where=str(path),
                hint="correct the line named; strings need quotes",
            ) from None

    @classmethod
    def open(cls, path: Path, language: str = "en") -> Document:
        """The file, or every key at its default where there is none, with comments in ``language``.
        Raises ConfigurationError."""
        if path.exists():
            load(path)  # reports what is wrong with it before anything is changed
            return cls(path, path.read_text("utf-8-sig"))
        return cls(path, as_toml(language))

    @property
    def text(self) -> str:
        return tomlkit.dumps(self._toml)

    @property
    def settings(self) -> Settings:
        """The values as they would be in force. Raises ConfigurationError naming every mistake."""
        return build(self._toml.unwrap(), where=str(self.path))

    def get(self, key: str) -> Any:
        """The value at ``key`` (``relay.port``), or None where the file does not have it."""
        found: Any = self._toml
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found.unwrap() if hasattr(found, "unwrap") else found

    def set(self, key: str, value: Any) -> None:
        """Set ``key`` (``name``, ``relay.modbus.unit``); missing sections are added at the end."""
        *sections, name = key.split(".")
        place_: MutableMapping[str, Any] = self._toml
        for section in sections:
            if section not in place_:
                place_[section] = tomlkit.table()
            place_ = place_[section]
        if isinstance(value, Mapping) and isinstance(place_.get(name), Table):
            table = place_[name]
            for gone in [k for k in table if k not in value]:
                del table[gone]
            for inner, given in value.items():
                table[inner] = given
        else:
            place_[name] = list(value) if isinstance(value, tuple) else value

    def drop(self, key: str) -> None:
        """Take ``key`` away, so that its default is in force."""
        *sections, name = key.split(".")
        place_: Any = self._toml
        for section in sections:
            place_ = place_.get(section, {})
        if name in place_:
            del place_[name]

    def first_of(self, kind: str, values: Mapping[str, Any]) -> None:
        """Change the first ``[[kind]]``, or add one with ``values``; further ones stay."""
        entries = self._toml.get(kind)
        if not isinstance(entries, AoT) or not len(entries):
            entries = tomlkit.aot()
            entries.append(tomlkit.table())
            self._toml[kind] = entries
        for name, value in values.items():
            entries[0][name] = value

    def without(self, kind: str) -> None:
        """No ``[[kind]]`` at all."""
        self._toml.pop(kind, None)

    def save(self) -> bool:
        """Check all of it, then write it in one step. Returns whether anything changed.

        Raises ConfigurationError; then the file is as it was.
        """
        _ = self.settings
        changed = not self.path.exists() or self.text != self._before
        if changed:
            mode = self.path.stat().st_mode & 0o7777 if self.path.exists() else MODE
            place(self.text, self.path, mode, replace=True)
            self._before = self.text
        return changed
