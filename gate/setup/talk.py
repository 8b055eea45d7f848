"""Questions on a terminal, or answers that were given with the command."""

from __future__ import annotations

import sys
from typing import Protocol

import typer
from rich.console import Console

from gate.errors import GateError
from gate.setup import asking
from gate.texts.catalogue import Translate, translator
from gate.texts.terminal import reworded


class Talk(Protocol):
    """How ``gate init`` speaks with whoever runs it. Texts are English keys of the catalogue."""

    asks: bool  # whether there is somebody to answer

    def say(self, text: str, style: str = "", **values: object) -> None: ...

    def ask(self, text: str, default: str) -> str: ...

    def secret(self, text: str, again: str) -> str:
        """Something that is not shown while it is typed, twice; only where somebody is asked."""
        ...

    def sure(self, text: str, default: bool) -> bool:
        """Yes or no; ``default`` where nobody is asked."""
        ...


class Terminal:
    """On the terminal; where there is nobody to ask, every default is the answer, and shown."""

    def __init__(self, language: str, asks: bool | None = None) -> None:
        self.asks = sys.stdin.isatty() if asks is None else asks
        self._out = Console(highlight=False, soft_wrap=True)
        self.language = language
        self._: Translate = translator(language)

    def say(self, text: str, style: str = "", **values: object) -> None:
        shown = {
            name: reworded(str(value), self.language) if isinstance(value, GateError) else value
            for name, value in values.items()
        }
        self._out.print(self._(text, **shown), style=style or None, markup=False)

    def ask(self, text: str, default: str) -> str:
        if not self.asks:
            self._taken(text, default or "–")
            return default
        return str(typer.prompt(self._(text), default=default, type=str)).strip()

    def secret(self, text: str, again: str) -> str:
        while True:
            given = str(typer.prompt(self._(text), hide_input=True))
            if typer.prompt(self._(again), hide_input=True) == given:
                return given
            self.say("the two are not the same", "yellow")

    def sure(self, text: str, default: bool) -> bool:
        if not self.asks:
            self._taken(text, self._("yes") if default else self._("no"))
            return default
        return asking.sure(self._(text), default=default, to=self.language)

    def _taken(self, text: str, answer: str) -> None:
        self.say("taken without asking: {question}: {answer}", question=self._(text), answer=answer)
