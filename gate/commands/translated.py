"""The help of the commands, and what is wrong with a command line, in the terminal's language.

The commands say it in English; ``locale/LANGUAGE/help.po`` has each paragraph.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from typer import rich_utils
from typer.core import TyperGroup

from gate.texts import line_breaks
from gate.texts.catalogue import LOCALE, read_catalogue
from gate.texts.terminal import reworded

# what typer itself writes, by its names for it
_FRAME = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "ERRORS_PANEL_TITLE": "Error",
    "ABORTED_TEXT": "Aborted.",
    "DEFAULT_STRING": "[default: {}]",
    "ENVVAR_STRING": "[env var: {}]",
    "REQUIRED_LONG_STRING": "[required]",
    "RICH_HELP": "Try [blue]'{command_path} {help_option}'[/] for help.",
}
_USAGE = "Usage: "


@cache
def _texts(language: str) -> dict[str, str]:
    file = LOCALE / language / "help.po"
    return read_catalogue(file, language) if file.exists() else {}


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help as the catalogue has them: each in one line."""
    shown = inspect.cleandoc(text).partition("\f")[0]
    return [" ".join(part.split()) for part in shown.split("\n\n")]


def said(text: str, language: str) -> str:
    """A help text in ``language``; a paragraph that is not in the catalogue stays English."""
    texts = _texts(language)
    return "\n\n".join(texts.get(part, part) for part in paragraphs(text)) if texts else text


class _Below(Mapping[str, Any]):
    """The commands of a group, each translated when it is asked for."""

    def __init__(self, commands: Mapping[str, Any], language: str) -> None:
        self._commands = commands
        self._language = language

    def __getitem__(self, name: str) -> Any:
        return translated(self._commands[name], self._language)

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    def __contains__(self, name: object) -> bool:
        return name in self._commands  # without importing it


def translated(command: Any, language: str) -> Any:
    """A copy of a command, with those below it, that speaks ``language``."""
    texts = _texts(language)
    if not texts:
        return command
    shown = copy.copy(command)
    for name in ("help", "short_help", "epilog"):
        setattr(shown, name, said(getattr(command, name) or "", language))
    for name in ("options_metavar", "subcommand_metavar"):
        if hasattr(command, name):
            setattr(shown, name, texts.get(getattr(command, name), getattr(command, name)))
    shown.params = [_parameter(one, language) for one in command.params]
    asks = command.get_help_option
    shown.get_help_option = cache(lambda context: _parameter(asks(context), language))
    usage = type(command).get_usage
    shown.get_usage = lambda context: usage(shown, context).replace(_USAGE, texts[_USAGE], 1)
    if isinstance(command, TyperGroup):
        shown.commands = _Below(command.commands, language)
    return shown


def _parameter(parameter: Any, language: str) -> Any:
    shown = copy.copy(parameter)
    if shown is not None:
        shown.help = said(parameter.help or "", language)
    return shown


@contextmanager
def frame(language: str) -> Iterator[None]:
    """While it is open, typer's own words are in ``language``."""
    line_breaks.allow()
    before = {name: getattr(rich_utils, name) for name in _FRAME if hasattr(rich_utils, name)}
    for name in before:
        setattr(rich_utils, name, _texts(language).get(_FRAME[name], before[name]))
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(rich_utils, name, value)


@contextmanager
def errors(language: str) -> Iterator[None]:
    """What is wrong with a command line is said in ``language``."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's: its text is made when it is shown
            text = reworded(error.format_message(), language)
            error.format_message = lambda: text
        raise
