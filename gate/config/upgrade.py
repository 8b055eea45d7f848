"""A configuration file of an earlier version rewritten for this one.

Retired keys go, with the comment above them; keys that moved go to ``[advanced]``, unless they have
the default there, which needs no line. Everything else of the file stays as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, Null

from gate.config.advanced import TABLE
from gate.config.retired import RETIRED
from gate.config.settings import ADVANCED, Settings
from gate.errors import ConfigurationError


@dataclass(slots=True)
class Upgraded:
    """The new text, and what of the old one is different, by full names such as ``store.queue``.

    Attributes:
        retired: removed; they had no effect.
        moved: now in ``[advanced]``, with their values.
        defaults: removed; they have the default, which counts without a line too.
    """

    text: str
    retired: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.retired or self.moved or self.defaults)


def upgraded(text: str, where: str = "") -> Upgraded:
    """The same configuration as this version writes it. Raises ConfigurationError: not TOML."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigurationError(
            f"the configuration is not TOML: {error}",
            where=where,
            hint="correct the line named; strings need quotes",
        ) from None
    found = Upgraded(text)
    for section, names in RETIRED.items():
        for place in _places(document, section):
            for name in sorted(names & place.keys()):
                _take(place, name)
                found.retired.append(f"{section}.{name}")
    defaults = Settings.model_construct()
    for key in ADVANCED:
        section, name = key.rsplit(".", 1)
        for place in _places(document, section):
            if name not in place:
                continue
            value = _take(place, name)
            if value == _plain(reduce(getattr, key.split("."), defaults)):
                found.defaults.append(key)
            else:
                _put(document, key, value)
                found.moved.append(key)
    found.retired = list(dict.fromkeys(found.retired))
    found.text = tomlkit.dumps(document) if found.changed else text
    return found


def _places(document: Any, section: str) -> Iterator[MutableMapping[str, Any]]:
    """The tables of that name: none, one, or each ``[[entry]]``."""
    place = document
    for part in section.split("."):
        place = place.get(part) if isinstance(place, MutableMapping) else None
    entries = place if isinstance(place, AoT) else [place]
    yield from (entry for entry in entries if isinstance(entry, MutableMapping))


def _take(place: MutableMapping[str, Any], name: str) -> Any:
    """The value, removed with the comment directly above it."""
    body = getattr(getattr(place, "value", None), "body", [])
    at = next((i for i, (key, _) in enumerate(body) if key is not None and key.key == name), 0)
    value = place.pop(name)
    while at > 0 and body[at - 1][0] is None and isinstance(body[at - 1][1], Comment):
        at -= 1
        body[at] = (None, Null())
    return value.unwrap() if hasattr(value, "unwrap") else value


def _put(document: Any, key: str, value: Any) -> None:
    """Write it into the table, unless it is there already: then that counted before too."""
    table = document.setdefault(TABLE, tomlkit.table())
    place = table
    for part in key.split("."):
        place = place.get(part) if isinstance(place, MutableMapping) else None
    if place is None:
        table.append(tomlkit.key(key.split(".")), value)


def _plain(value: Any) -> Any:
    return str(value) if hasattr(value, "__fspath__") else value
