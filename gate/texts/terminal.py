"""What the commands of an installer say, in the language of the terminal.

The program composes its messages in English; ``locale/LANGUAGE/terminal.po`` holds them as
patterns, ``{0}`` for each value: "the serial port cannot be opened: {0}". A finished message is
compared with the patterns, and its values are translated in the same way: they may hold a cause or
a state. What no pattern fits stays English, which is better than a message that is not shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import rich.console
import rich.table

from gate.texts import line_breaks
from gate.texts.catalogue import LANGUAGES, LOCALE, read_catalogue, word

_VALUE = re.compile(r"\{\d\}")
_BEFORE = re.compile(r"( *)(error|where|what to do): (.+)")  # what ``gate.cli`` puts before a line
_LONGEST = 600  # characters of a line; a longer one is no message of ours
_DEEPEST = 4
_SURE = 12  # letters of a pattern from which on it is taken for what was meant
_SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


def language(environ: Mapping[str, str] = os.environ) -> str:
    """The language of the terminal, by the rules of gettext; English where we have no other."""
    chosen = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    short = chosen[:2].lower()
    return short if short in LANGUAGES else "en"


def reworded(text: str, to: str) -> str:
    """A message of one or more lines in the language ``to``; as it is where it is unknown."""
    exact, patterns = _texts(to)
    if not exact and not patterns:
        return text
    return "\n".join(_whole(line, to) for line in text.split("\n"))


def _whole(line: str, to: str) -> str:
    """A line; what stands before a message is no part of it, and would be taken for a value."""
    found = _BEFORE.fullmatch(line)
    if found is None:
        return _line(line, to, 0)
    margin, name, message = found.groups()
    return margin + _texts(to)[0].get(f"{name}:", f"{name}: ") + _line(message, to, 0)


def _line(line: str, to: str, depth: int) -> str:
    exact, patterns = _texts(to)
    inner = line.lstrip(" -")
    margin = line[: len(line) - len(inner)]
    if inner in exact:
        return margin + exact[inner]
    if depth >= _DEEPEST or len(inner) > _LONGEST:
        return line
    for pattern, said in patterns:
        found = pattern.fullmatch(inner)
        if found:
            values = [_line(value, to, depth + 1) for value in found.groups()]
            # "{0} at {1}" fits sentences too; half of one translated is worse than none
            if len(re.sub(r"[^a-z]", "", pattern.pattern)) < _SURE and any(
                new == old and _SENTENCE.search(old)
                for new, old in zip(values, found.groups(), strict=True)
            ):
                continue
            return margin + said.format(*values)
    return line


@cache
def _texts(to: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Messages without values, and patterns, the most specific first."""
    file = LOCALE / to / "terminal.po"
    if not file.exists():
        return {}, []
    known = read_catalogue(file, to)
    # of tables, photographs, people and permits the desk says the same; not its single words, which
    # may be keys here
    desk = read_catalogue(LOCALE / to / "desk.po", to)
    exact = {key: said for key, said in desk.items() if key.count(" ") > 1}
    exact |= {key: said for key, said in known.items() if not _VALUE.search(key)}
    order = sorted(known.keys() - exact.keys(), key=lambda key: (-len(_VALUE.sub("", key)), key))
    return exact, [(_compiled(key), known[key]) for key in order]


def _compiled(key: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, _VALUE.split(key))))


def here(text: str) -> str:
    """A message in the language of the terminal, for a question that is asked there."""
    return reworded(text, language())


def named(topic: str, name: str, to: str = "") -> str:
    """Words for a heading, a state or the like, which are too short to be keys of their own."""
    key = f"{topic} {name}"
    said = reworded(key, to or language())
    return name if said == key else said


def coded(topic: str, code: str) -> str:
    """A code as it is on an English terminal, where the pages name it so; else its words."""
    to = language()
    return code if to == "en" or not code else word(topic, code, to)


def table(*headings: str, **options: Any) -> rich.table.Table:
    """A table without lines whose headings are in the language of the terminal."""
    made = rich.table.Table(box=None, **options)
    for heading in headings:
        made.add_column(named("column", heading) if heading else "")
    return made


class Console(rich.console.Console):
    """Prints messages in the language of the terminal, or in the one it was made for."""

    def __init__(self, language: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.language = language

    def print(self, *objects: Any, **options: Any) -> None:
        to = self.language or language()
        if to != "en":
            line_breaks.allow()
        said = (reworded(one, to) if isinstance(one, str) else one for one in objects)
        super().print(*said, **options)
