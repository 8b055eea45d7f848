"""What a reader that types like a keyboard has typed: key codes in, whole lines out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

# codes of linux/input-event-codes.h
ENTER, KEYPAD_ENTER, TAB, ESCAPE, BACKSPACE = 28, 96, 15, 1, 14
SHIFTS = frozenset({42, 54})
LONGEST = 2048
# seconds: a machine types its keys closer together than this, and after this long it has ended
MACHINE = 0.1
ENDED = 0.3
SHORTEST = 4  # keys that are not one slip of a hand

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
    """The line so far.

    ``last``: monotonic seconds of the last key. ``quick``: every key came at a machine's speed.
    """

    line: str = ""
    shift: bool = False
    last: float = 0.0
    quick: bool = True


def key(
    typing: Typing, code: int, down: bool, now: float, patience: float
) -> tuple[Typing, str | None]:
    """One key pressed or released; returns the line once Enter or Tab has ended it.

    A line left unfinished for ``patience`` seconds is forgotten; Escape and ``*`` clear it.
    """
    if code in SHIFTS:
        return replace(typing, shift=down), None
    if not down:
        return typing, None
    line = typing.line if now - typing.last <= patience else ""
    if code in (ENTER, KEYPAD_ENTER, TAB):
        return replace(typing, line="", last=now, quick=True), line or None
    quick = not line or (typing.quick and now - typing.last <= MACHINE)
    if code == BACKSPACE:
        line = line[:-1]
    elif code == ESCAPE or (_PLAIN.get(code) == "*" and not typing.shift):
        line = ""
    else:
        character = _PLAIN.get(code, "")
        if typing.shift:
            character = _SHIFTED.get(character, character.upper())
        line = (line + character)[-LONGEST:]
    return replace(typing, line=line, last=now, quick=quick), None


def idle(typing: Typing, now: float, patience: float) -> tuple[Typing, str | None, bool]:
    """No key has come: the line that has ended by that, and whether it may be whole.

    What came at a machine's speed is whole after ``ENDED`` seconds; what a hand typed and left for
    ``patience`` seconds has ended too, but is not whole.
    """
    quiet = now - typing.last
    whole = typing.quick and len(typing.line) >= SHORTEST and quiet >= ENDED
    if typing.line and (whole or quiet > patience):
        return replace(typing, line="", quick=True), typing.line, whole
    return typing, None, False
