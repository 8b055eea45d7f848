"""Questions at a terminal, in its language: a secret that is not shown, and yes or no."""

from __future__ import annotations

import sys
import warnings
from getpass import GetPassWarning

import typer

from gate.errors import ConfigurationError
from gate.texts.terminal import language, reworded

_YES = frozenset({"y", "yes", "是", "是的", "对", "好", "好的"})
_NO = frozenset({"n", "no", "否", "不", "不是", "不要"})


def secret(text: str, again: str = "", *, variable: str = "", may_be_empty: bool = False) -> str:
    """What is typed is not shown. Without a terminal a line of the standard input is the answer.

    Args:
        text: what is asked for, in English.
        again: how it is asked for once more; "" asks once.
        variable: of the environment, which holds the answer where nobody can be asked; for hints.

    Raises ConfigurationError where nobody can be asked and nothing is to be read.
    """
    while True:
        given = _hidden(text, variable, may_be_empty)
        if not again or _hidden(again, variable, may_be_empty) == given:
            return given
        typer.echo(_here("the two are not the same"), err=True)


def _hidden(text: str, variable: str, may_be_empty: bool) -> str:
    default = "" if may_be_empty else None
    with warnings.catch_warnings():
        # without a terminal Python would ask in English, and show what is typed
        warnings.simplefilter("error", GetPassWarning)
        try:
            return str(
                typer.prompt(_here(text), hide_input=True, default=default, show_default=False)
            )
        except GetPassWarning:
            pass
    typer.echo()
    line = sys.stdin.readline()
    if not line:
        other = f", or put it into the environment variable {variable}" if variable else ""
        raise ConfigurationError(
            f"nobody can be asked for this: {text}",
            hint=f"run the command at a terminal{other}",
        )
    return line.rstrip("\r\n")


def sure(text: str, *, default: bool = False, to: str = "") -> bool:
    """Yes or no, until it is one of both.

    Args:
        text: the question, in the language ``to``; "" is that of the terminal.
    """
    while True:
        shown = "Y/n" if default else "y/N"
        said = str(typer.prompt(f"{text} [{shown}]", default="", show_default=False)).strip()
        if not said:
            return default
        if said.lower() in _YES:
            return True
        if said.lower() in _NO:
            return False
        typer.echo(reworded("answer y for yes or n for no", to or language()), err=True)


def sure_or_end(text: str) -> None:
    """Ends the command unless the answer is yes."""
    if not sure(text):
        raise typer.Abort


def _here(text: str) -> str:
    return reworded(text, language())
