"""The table ``[advanced]``: keys that belong to a section but are kept out of the reader's way.

In the file a key of ``[recognition]`` is ``recognition.interval`` there; in the settings it stays
where the code that uses it looks for it. A file of an earlier version has such keys in their
sections still: they count, and are reported as moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

TABLE = "advanced"


@dataclass(frozen=True, slots=True)
class Lifted:
    """Values with every key in its section.

    Attributes:
        moved: keys found in their sections that belong to the table.
        misplaced: what the table has and it does not know.
    """

    values: dict[str, Any]
    moved: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()


def advanced_keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The keys of the table, such as ``recognition.interval``, in the order of the sections."""
    own: frozenset[str] = getattr(model, TABLE, frozenset())
    for name, field in model.model_fields.items():
        full = f"{path}.{name}" if path else name
        inner = field.annotation
        if name in own:
            yield full
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from advanced_keys(inner, full)


def lifted(values: Mapping[str, Any], known: Iterable[str]) -> Lifted:
    """``values``, nested as in a file, with the keys of the table back in their sections.

    Where a key is in both places, the table counts.
    """
    whole = _copied(values)
    table = whole.pop(TABLE, {})
    names = frozenset(known)
    moved = tuple(sorted(names & {key for key, _ in _leaves(whole, names)}))
    misplaced = []
    for key, value in _leaves(table, names) if isinstance(table, Mapping) else [("", table)]:
        if key in names:
            *sections, name = key.split(".")
            place: Any = whole
            for section in sections:
                place = place.setdefault(section, {}) if isinstance(place, dict) else None
            if isinstance(place, dict):  # else the section itself is a mistake, and reported as one
                place[name] = value
        else:
            misplaced.append(key or TABLE)
    return Lifted(whole, moved, tuple(sorted(misplaced)))


def _leaves(
    values: Mapping[str, Any], names: frozenset[str], path: str = ""
) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        full = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and full not in names:
            yield from _leaves(value, names, full)
        else:
            yield full, value


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copied(v) if isinstance(v, Mapping) else v for k, v in values.items()}
