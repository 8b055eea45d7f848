"""What a reader that types like a keyboard has typed: key codes in, whole lines out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

# codes of linux/input-event-codes.h
ENTER, KEYPAD_ENTER, ESCAPE, BACKSPACE = 28, 96, 1, 14
SHIFTS = frozenset({42, 54})
LONGEST = 2048

_PLAIN = (
    dict(zip(range(2, 14), "1234567890-=", strict=True))
    | dict(zip(range(16, 28), "qwertyuiop[]", strict=True))
    | dict(zip(range(30, 42), "asdfghjkl;'`", strict=True))
    | dict(zip(range(43, 54), "\\zxcvbnm,./", strict=True))
    | {57: " ", 55: "*", 74: "-", 78: "+", 83: ".", 98: "/"}
    | dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
)
_SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))


@dataclass(frozen=True, slots=True)
class Typing:
    """The line so far. ``last``: monotonic seconds of the last key."""

    line: str = ""
    shift: bool = False
    last: float = 0.0


def key(
    typing: Typing, code: int, down: bool, now: float, patience: float
) -> tuple[Typing, str | None]:
    """One key pressed or released; returns the line once Enter has ended it.

    A line left unfinished for ``patience`` seconds is forgotten; Escape and ``*`` clear it.
    """
    if code in SHIFTS:
        return replace(typing, shift=down), None
    if not down:
        return typing, None
    line = typing.line if now - typing.last <= patience else ""
    if code in (ENTER, KEYPAD_ENTER):
        return replace(typing, line="", last=now), line or None
    if code == BACKSPACE:
        line = line[:-1]
    elif code == ESCAPE or (_PLAIN.get(code) == "*" and not typing.shift):
        line = ""
    else:
        character = _PLAIN.get(code, "")
        if typing.shift:
            character = _SHIFTED.get(character, character.upper())
        line = (line + character)[-LONGEST:]
    return replace(typing, line=line, last=now), None
