"""The words typed at ``gate simulate``: one line, one change. Returns what to print."""

from __future__ import annotations

import re
import termios
from collections.abc import Callable

from gate.errors import GateError
from gate.simulators.port import SimulatedPort
from gate.texts.terminal import here, named

FAULTS = """silence on|off      nothing is heard or answered
mute on|off         commands are obeyed, answers lost
noise 0.05          share of bytes damaged
corrupt on|off      the check of each answer is wrong
slow 0.3            seconds before each answer
baud 115200         the one speed it speaks; 0 for any
unplug, plug        the cable
quit                the end"""

_WORD = re.compile(r"[a-z ]+")
_LINE = re.compile(r"(.+?  +)(.+)")  # what is typed, and what it does

Words = Callable[[list[str]], str | None]
"""The device's own words; None for a word it does not know."""


def obey(line: str, port: SimulatedPort, device: Words, own_help: str) -> str:
    """Carry out one line; the answer is for the person at the terminal."""
    words = line.split()
    try:
        match words:
            case []:
                return ""
            case ["help"]:
                return _explained(f"{own_help}\n{FAULTS}".strip())
            case [("silence" | "mute" | "corrupt") as fault, ("on" | "off") as to]:
                setattr(port.faults, fault, to == "on")
            case [("noise" | "slow") as fault, amount]:
                setattr(port.faults, fault, max(0.0, number(amount)))
            case ["baud", speed] if speed == "0" or hasattr(termios, f"B{speed}"):
                port.faults.baud = int(speed)
            case ["unplug"]:
                port.unplug()
            case ["plug"]:
                port.plug()
            case _:
                answer = device(words)
                return here(f"unknown: {line} (try help)") if answer is None else said(answer)
    except (ValueError, GateError) as error:
        return here(str(error)) or here(f"not understood: {line}")
    return said("done")


def number(text: str) -> float:
    """Raises ValueError, without Python's own words, for what is none."""
    try:
        return float(text)
    except ValueError:
        raise ValueError from None


def said(answer: str) -> str:
    """A device's answer in the language of the terminal; single words have keys of their own."""
    return named("simulator", answer) if _WORD.fullmatch(answer) else here(answer)


def _explained(text: str) -> str:
    """Lines of what can be typed, and what each does in the language of the terminal."""
    return "\n".join(
        _LINE.sub(lambda line: line[1] + here(line[2]), each) for each in text.split("\n")
    )
