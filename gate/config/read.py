"""A configuration file as values, or an error that says what to do about it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from gate.errors import ConfigurationError

# what a Chinese keyboard or a word processor types, and what TOML wants in its place
_PLAIN = {
    **dict.fromkeys("“”„＂「」", '"'),
    **dict.fromkeys("‘’＇", "'"),
    **dict(zip("＝：［］【】＃，、．。｛｝", "=:[][]#,,..{}", strict=True)),
    "\u3000": "a plain space",
}


def read(path: Path) -> dict[str, Any]:
    """Values, nested as in the file. Raises ConfigurationError."""
    try:
        return parse(path.read_text("utf-8-sig"), str(path))  # Windows' editor marks its UTF-8
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no configuration file",
            where=str(path),
            hint="run `gate init`, or name one with --config",
        ) from None
    except OSError as error:
        closed = isinstance(error, PermissionError)
        raise ConfigurationError(
            f"the configuration cannot be read: {error.strerror}",
            where=str(path),
            hint="put sudo before the command" if closed else "check the disk",
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            "the configuration is in another encoding than UTF-8",
            where=str(path),
            hint="save it as UTF-8: what Windows' editor calls Unicode or ANSI is not",
        ) from None


def parse(text: str, where: str) -> dict[str, Any]:
    """Values of the text of a file. Raises ConfigurationError naming the line and what to do."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"the configuration is not TOML: {error}", where=where, hint=_hint(str(error), text)
        ) from None


def _hint(error: str, text: str) -> str:
    """What to do about what the reader of TOML found; Chinese punctuation is the usual cause."""
    line = re.search(r"at line (\d+), column (\d+)", error)
    if line:
        number, column = int(line[1]), int(line[2])
        typed = text.split("\n")[number - 1][column - 1 :].lstrip(" \t")[:1]
        if typed in ("：", ":") and error.startswith("Expected '='"):
            return f"in line {number}, column {column}, write = instead of {typed}"
        if typed in _PLAIN:
            return f"in line {number}, column {column}, write {_PLAIN[typed]} instead of {typed}"
    return "correct the line named; strings need quotes"
