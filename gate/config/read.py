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

_TRUTH = re.compile(r"(?:true|yes|on|false|no|off)\b", re.IGNORECASE)
_SAID = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}
_HALF_NUMBER = re.compile(r"=\s*[+-]?\d+$")
_ESCAPES = ("Invalid hex value", "Unescaped '\\'", "Escaped character", "Expected newline")
_OPEN = ("Illegal character '\\n'", "Unterminated string")
_TWICE = re.compile(r"Cannot declare (\(.+\)) twice")


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
        whole = text.split("\n")[number - 1]
        rest = whole[column - 1 :].lstrip(" \t")
        typed = rest[:1]
        if typed in ("：", ":") and error.startswith("Expected '='"):
            return f"in line {number}, column {column}, write = instead of {typed}"
        if typed in _PLAIN:
            return f"in line {number}, column {column}, write {_PLAIN[typed]} instead of {typed}"
        if word := _TRUTH.match(rest):
            return f"in line {number}, write {_SAID[word[0].lower()]} instead of {word[0]}"
        if _HALF_NUMBER.search(whole[: column - 1]) and re.match(r",\s*\d", rest):
            return f"in line {number}, write a point instead of the comma in the number"
        if "\\" in whole and error.startswith(_ESCAPES):
            return f"in line {number}, write / instead of each \\, or ' instead of each \""
        if error.startswith(_OPEN):
            return f"in line {number}, close the quotes after the text"
        if table := _TWICE.match(error):
            name = ".".join(re.findall(r"'([^']+)'", table[1]))
            return f"[{name}] is in the file already: write its keys there"
        if error.startswith(("Cannot overwrite", "Duplicate inline")):
            return "this key or table is in the file twice: keep one of them"
    if error.startswith("Unclosed"):
        return "a bracket is opened and not closed: look for it in the line named and above"
    if error.startswith(_OPEN):
        return "close the quotes after the text in the last line"
    return "correct the line named; strings need quotes"
