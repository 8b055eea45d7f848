"""Two configurations side by side: the keys that differ, in the words of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gate.config.advanced import TABLE, lifted
from gate.config.reference import Key, as_value, parts
from gate.config.settings import ADVANCED


@dataclass(frozen=True, slots=True)
class Difference:
    """One key. A side that does not have it is "": what counts there is the default.

    Attributes:
        key: with its section, such as ``recognition.encoder``.
        before, after: TOML.
        default: TOML.
        text: what the key means, from the reference; "" for one that is unknown.
    """

    key: str
    before: str
    after: str
    default: str
    text: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Both as in a file, nested by section; sorted by key.

    A key that moved to ``[advanced]`` is the same key in its section and there.
    """
    old, new = (dict(_named(lifted(values, ADVANCED).values)) for values in (before, after))
    found = []
    for key in sorted(old.keys() | new.keys()):
        one, other = _shown(old, key), _shown(new, key)
        if one != other:
            known = reference().get(key)
            default, text = (known.value, known.text) if known else ("", "")
            found.append(Difference(key, one, other, default, text))
    return found


@cache
def reference() -> Mapping[str, Key]:
    """Every key of the configuration by its full name."""
    return {part.full(key): key for part in parts() for key in part.keys if not part.repeated}


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in _flat(values):
        yield (f"{TABLE}.{key}" if key in ADVANCED else key), value


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and name not in reference():
            yield from _flat(value, name)
        else:
            yield name, value


def _shown(values: Mapping[str, Any], key: str) -> str:
    return as_value(values[key]) if key in values else ""
