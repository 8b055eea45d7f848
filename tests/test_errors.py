"""Every error of the project keeps to one style: lower-case start, no full stop, and a hint.

The messages are found in the source rather than provoked, so that a new one is checked the day it
is written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.errors import DeviceError, GateError
from tests.source import ROOT, calls, files, nodes

PRODUCT = ("gate", "enroll", "research", "benchmarks")
# words that are written with a capital wherever they are
PROPER = {
    *("Alembic", "Apprise", "Argon", "Chromium", "Home", "LibUSB", "Modbus", "Python"),
    "Wiegand",
}


@dataclass(frozen=True)
class Message:
    file: str
    line: int
    kind: str
    text: str | None  # what the source shows of it, "{}" for a value; None: a variable
    hint: str | None  # None: there is none

    def faults(self) -> list[str]:
        found = []
        if self.text is not None:
            if _capitalised(self.text):
                found.append("starts with a capital")
            if re.search(r"[.!]$", self.text):
                found.append("ends with a full stop")
        if self.kind == "PermitRefused":  # a code, given its words where it is shown
            return []
        if not self.hint:
            found.append("has no hint")
        elif re.search(r"(?<!\.)\.$", self.hint):
            found.append("hint ends with a full stop")
        elif _capitalised(self.hint):
            found.append("hint starts with a capital")
        return [f"{self.file}:{self.line}: {self.kind} {fault}: {self.text}" for fault in found]


def _capitalised(text: str) -> bool:
    first = re.match(r"[A-Za-z]+", text)
    if first is None:
        return False  # a quoted name, a value, a code or Chinese
    word = first.group()
    return word[0].isupper() and not word[1:2].isupper() and word not in PROPER and len(word) > 1


def _families(sources: tuple[Path, ...]) -> set[str]:
    """GateError and every class derived from it, by name."""
    families = {"GateError"}
    classes = [node for file in sources for node in nodes(file) if isinstance(node, ast.ClassDef)]
    while True:
        more = {
            node.name
            for node in classes
            if any(isinstance(base, ast.Name) and base.id in families for base in node.bases)
        }
        if more <= families:
            return families
        families |= more


def _shown(node: ast.expr | None) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return f"{_shown(left) or '{}'}{_shown(right) or '{}'}"
        case _:
            return None


def _branches(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [*_branches(node.body), *_branches(node.orelse)]
    return [node]


def _messages() -> Iterator[Message]:
    sources = files(*PRODUCT)
    families = _families(sources)
    for path in sources:
        file = str(path.relative_to(ROOT))
        for node in calls(path):
            if not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in families or not node.args:
                continue
            given = {word.arg: word.value for word in node.keywords}
            hint = given.get("hint")
            # a hint that is worked out counts as one: what it says is tested where it is made
            words = None if hint is None else (_shown(hint) or "{}")
            for what in _branches(node.args[0]):
                yield Message(file, node.lineno, node.func.id, _shown(what), words)


def test_every_message_has_the_one_style() -> None:
    messages = list(_messages())
    assert len(messages) > 150
    faults = [fault for message in messages for fault in message.faults()]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("text", "hint", "faults"),
    [
        ("the port is closed", "open it", 0),
        ("MQTT answers nothing", "start the broker", 0),
        ("{} is no number", "write digits", 0),
        ("The port is closed", "open it", 1),
        ("the port is closed.", "open it", 1),
        ("the port is closed", "Open it.", 1),
        ("the port is closed", None, 1),
    ],
)
def test_what_is_a_fault(text: str, hint: str | None, faults: int) -> None:
    assert len(Message("x.py", 1, "GateError", text, hint).faults()) == faults


def test_an_error_is_three_lines() -> None:
    error = DeviceError("the relay did not answer", where="/dev/ttyUSB0", hint="check the cable")
    assert isinstance(error, GateError)
    assert str(error).splitlines() == [
        "the relay did not answer",
        "  where: /dev/ttyUSB0",
        "  what to do: check the cable",
    ]
