"""The configuration file with every key, and the reference page, written from the settings classes.

A key is explained once, where it is typed: ``Field(description=…)``; a section by the docstring of
its class. ``gate config reference`` prints both forms; config/gate.toml and docs/configuration.md
are its output, and a test compares them.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from inspect import getdoc
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gate.config.advanced import TABLE
from gate.config.settings import Settings
from gate.texts import line_breaks
from gate.texts.catalogue import LOCALE, read_catalogue

WIDTH = 100

# What almost every gate differs in: the first screen of the file.
FIRST = {
    "name": "of this gate in events and topics",
    "label": "of this gate for people",
    "[[camera]] source": "where the pictures come from",
    "[relay] driver": "the board that moves the lock",
    "[relay] port": "where the board is connected",
    "[door] fail": "whether power releases the lock or holds it",
    "[door] contact": "whether a contact reports that the door is open",
    "[[reader]] driver": "the reader of cards",
    "[[reader]] port": "where the reader is connected",
    "[desk] community": "the community on pages, consent texts and permits",
}

HEAD = """\
# The configuration of one gate. Every key may be left out; the values here are the defaults.
# An environment variable overrides a key: GATE_STORE__URL is url in [store].
# `gate config check` reads this file and reports every mistake at once.
# Written by `gate config reference`.
#
# The ten keys that almost every gate sets; `gate init` asks for them:
"""

ADVANCED = (
    "For experts: tuning for unusual hardware and loads. Nobody needs these to set up a gate. A "
    "key is written as section.key, and its environment variable is like "
    "GATE_ADVANCED__RECOGNITION__THREADS. Those that are commented out have the value shown."
)

PAGE = """\
# Configuration

One TOML file: `/etc/gate/gate.toml` on an installed box, `config/gate.toml` in a checkout, else
`~/gate/gate.toml`; `--config` or `GATE_CONFIG` names another. Relative paths in it
are below `/var/lib/gate`, the checkout, or the folder of the file. `gate config path` prints where
they are. Every key may be left out. An environment variable overrides a key: `GATE_STORE__URL` is
`url` in `[store]`. `gate config check` reports every mistake at once, and keys that do not go
together (one port for two programs, a receiver that never gets anything); `gate config show` prints
the values in force.

Tuning for unusual hardware is in one table at the end, `[advanced]`, apart from what a gate is
set up with. A file of an earlier version is read as before: a key that has moved there still
counts where it was, one that is gone has no effect, and both are reported at the start and by
`gate doctor`. `gate config upgrade` rewrites such a file (`--dry-run` only lists the changes),
checks that it means the same, and keeps the old one beside it as `gate.toml.before-upgrade`: an
earlier version of the gate needs that one.

This page and the file are written by `gate config reference`; the text is that of the settings
classes, next to the code that uses them.
"""


@dataclass(frozen=True)
class Key:
    name: str
    value: str  # as TOML; "" when the key has no default
    text: str
    allowed: str  # for people; "" when the type says it all


@dataclass(frozen=True)
class Part:
    """One section: ``[store]``, ``[[camera]]``, or an example of one that is empty by default.

    Attributes:
        advanced: the keys of this section that are written in ``[advanced]``.
    """

    path: str
    repeated: bool
    example: bool
    text: str
    keys: tuple[Key, ...]
    explained: bool  # False: an earlier section of the same class has explained the keys
    advanced: bool = False

    def full(self, key: Key) -> str:
        """The key's name from the top of the file: ``store.url``, ``advanced.store.queue``."""
        return f"{TABLE + '.' if self.advanced else ''}{self.path}.{key.name}".lstrip(".")

    @property
    def header(self) -> str:
        return f"[[{self.path}]]" if self.repeated else f"[{self.path}]"


def parts(settings: BaseModel | None = None) -> Iterator[Part]:
    """Every section in the order of the file; the first, without a path, holds the loose keys.

    What is in ``[advanced]`` comes last, by section.
    """
    found = list(_section(settings or Settings(), "", set()))
    yield from (part for part in found if not part.advanced)
    yield from (part for part in found if part.advanced)


def as_toml(language: str = "en") -> str:
    """The configuration file with every key at its default, its comments in ``language``; those
    for experts are English."""
    say = _comments(language)
    every = list(parts())
    out = ["\n".join([*_head(say), *_first(say)]), ""]
    for part in every:
        if part.advanced:
            continue
        hidden = "# " if part.example else ""
        if part.path:
            out += ["", *_comment(say(part.text)), f"{hidden}{part.header}"]
        for key in part.keys:
            if part.explained:
                out += _comment(say(key.text))
            out.append(f"{hidden}{key.name} = {key.value}" if key.value else f"# {key.name} =")
    out += ["", *_comment(say(ADVANCED)), f"[{TABLE}]"]
    for part in every:
        if part.advanced:
            out += ["", *_comment(f"{part.path}: {part.text.split('. ')[0].rstrip('.')}.")]
            for key in part.keys:
                if part.explained:
                    out += _comment(key.text)
                out.append(f"# {part.path}.{key.name} = {key.value}")
    return "\n".join(out) + "\n"


def as_page() -> str:
    """The reference page, Markdown."""
    out = [PAGE]
    head = ["| key | default | allowed | |", "|---|---|---|---|"]
    every = list(parts())
    for part in every:
        if part.advanced:
            continue
        if part.path:
            out += [f"## `{part.header}`", "", part.text, ""]
        out += [*head, *(_row(key, key.name) for key in part.keys), ""]
    out += [f"## `[{TABLE}]`", "", ADVANCED, "", *head]
    for part in every:
        if part.advanced:
            out += [_row(key, f"{part.path}.{key.name}") for key in part.keys]
    return "\n".join(out).rstrip() + "\n"


def _row(key: Key, name: str) -> str:
    return f"| `{name}` | {_code(key.value)} | {_cell(key.allowed)} | {_cell(key.text)} |"


def _comments(language: str) -> Callable[[str], str]:
    """A comment in ``language``; as it is where it is not in the catalogue."""
    file = LOCALE / language / "settings.po"
    texts = read_catalogue(file, language) if file.exists() else {}
    return lambda text: texts.get(text, text)


def _head(say: Callable[[str], str]) -> Iterator[str]:
    lines = [line.removeprefix("#").strip() for line in HEAD.splitlines()]
    yield from (f"# {say(line)}".rstrip() for line in lines)


def _first(say: Callable[[str], str]) -> Iterator[str]:
    yield from (f"#   {place:<20} {say(words)}" for place, words in FIRST.items())


def as_value(value: Any) -> str:
    """One value as TOML; raises TypeError for what a configuration cannot hold."""
    return _toml(value)


def _section(
    model: BaseModel | type[BaseModel],
    path: str,
    seen: set[type[BaseModel]],
    *,
    repeated: bool = False,
    example: bool = False,
    text: str = "",
) -> Iterator[Part]:
    kind = model if isinstance(model, type) else type(model)
    keys: list[Key] = []
    expert: list[Key] = []
    inner = []
    for name, field in kind.model_fields.items():
        value = _value(model, name, field)
        below = f"{path}.{name}" if path else name
        words = field.description or ""
        entry = _entry_class(field)
        if isinstance(value, BaseModel):
            inner.append(_section(value, below, seen, text=words))
        elif entry is not None and isinstance(value, tuple):
            shown = value[0] if value else entry
            given = {"repeated": True, "example": not value}
            inner.append(_section(shown, below, seen, text=words, **given))
        elif entry is not None:  # inputs of a board, by name
            named = f"{below}.{next(iter(field.examples or ['NAME']))}"
            inner.append(_section(entry, named, seen, text=words, example=True))
        elif isinstance(value, Mapping):
            keys_of = tuple(
                Key(k, _toml(v), "", "") for k, v in (field.examples or [{}])[0].items()
            )
            inner.append(iter([Part(below, False, True, words, keys_of, explained=False)]))
        else:
            shown_value = value if value is not None else next(iter(field.examples or []), None)
            written = "" if value is None else _toml(shown_value)
            mine = expert if name in getattr(kind, TABLE, ()) else keys
            mine.append(Key(name, written, words, _allowed(field)))
    head = text or _prose(kind)
    first = kind not in seen
    if keys:
        yield Part(path, repeated, example, head, tuple(keys), first)
    if expert:
        yield Part(path, repeated, example, head, tuple(expert), first, advanced=True)
    seen.add(kind)
    for part in inner:
        yield from part


def _value(model: BaseModel | type[BaseModel], name: str, field: FieldInfo) -> Any:
    if isinstance(model, BaseModel):
        return getattr(model, name)
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return (field.examples or [""])[0]
    return value


def _entry_class(field: FieldInfo) -> type[BaseModel] | None:
    """The section class inside ``tuple[Section, ...]`` or ``dict[name, Section]``."""
    for inner in get_args(field.annotation):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None


def _prose(kind: type[BaseModel]) -> str:
    return " ".join((getdoc(kind) or "").replace("``", "`").split())


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case SecretStr():
            return _toml(value.get_secret_value())
        case Enum():
            return _toml(value.value)
        case int():
            return f"{value:_}" if abs(value) >= 10_000 else str(value)
        case float():
            return str(value)
        case time():
            return f'"{value:%H:%M}"'
        case date():
            return value.isoformat()
        case frozenset() | set():
            return f"[{', '.join(sorted(_toml(each) for each in value))}]"
        case tuple() | list():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case str() | Path():
            # a basic string of TOML escapes as JSON does
            return json.dumps(str(value), ensure_ascii=False)
        case _:
            raise TypeError(f"no way to write {type(value).__name__} as TOML")


def _allowed(field: FieldInfo) -> str:
    """Limits or choices, as a person reads them: "0.2 to 60", '"secure", "safe"'."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(_toml(choice) for choice in get_args(field.annotation))
    if isinstance(field.annotation, type) and issubclass(field.annotation, Enum):
        return ", ".join(f'"{choice.value}"' for choice in field.annotation)
    limits = {
        name: getattr(mark, name)
        for mark in field.metadata
        for name in ("ge", "gt", "le")
        if getattr(mark, name, None) is not None
    }
    low = limits.get("ge", limits.get("gt"))
    high = limits.get("le")
    if low is None or high is None:
        return ""
    lowest = f"above {_number(low)}" if "gt" in limits else _number(low)
    return f"{lowest} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,}".removesuffix(".0")


def _comment(text: str) -> list[str]:
    if not text:
        return []
    if not text.isascii() and line_breaks.is_wide(text):
        return [f"# {line}" for line in line_breaks.filled(text, WIDTH - 2)]
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _code(value: str) -> str:
    return f"`{value}`".replace("|", "\\|") if value else ""


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
