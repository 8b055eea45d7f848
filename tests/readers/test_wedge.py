"""A reader that types like a keyboard: grabbed, and its keys become claims."""

from __future__ import annotations

import os
import queue
import sys
import types
from typing import Any

import pytest

from gate.readers.claim import UNREADABLE, Claim, ClaimKind
from gate.readers.reader import Reader
from gate.readers.settings import ReaderSettings
from gate.readers.wedge import WedgeLine
from tests.waiting import PATIENCE, eventually

CODES = {str(d): 2 + (d - 1) % 10 for d in range(10)}


def test_the_device_is_grabbed_and_its_keys_become_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = os.pipe()
    events: list[Any] = []
    grabbed: list[str] = []

    class InputDevice:
        def __init__(self, path: str) -> None:
            self.path, self.fd = path, out

        def grab(self) -> None:
            grabbed.append(self.path)

        def read(self) -> list[Any]:
            os.read(out, 1)
            return events

        def close(self) -> None:
            pass

    fake = types.ModuleType("evdev")
    fake.InputDevice = InputDevice  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "evdev", fake)
    for code in [CODES[d] for d in "0002972728"] + [28]:
        for value in (1, 2, 0):
            events.append(types.SimpleNamespace(type=1, code=code, value=value))
    claims: queue.Queue[Claim] = queue.Queue()
    path = "/dev/input/by-id/usb-reader-event-kbd"
    reader = Reader(ReaderSettings(driver="wedge", port=path), claims.put)
    reader.open()
    os.write(into, b"x")
    assert claims.get(timeout=PATIENCE).value == "0002972728"
    assert grabbed == [path]
    reader.close()
    os.close(out)
    os.close(into)


def test_a_wedge_that_is_not_there_is_reported_with_its_path() -> None:
    pytest.importorskip("evdev")
    reported: list[str] = []
    settings = ReaderSettings(driver="wedge", port="/dev/input/by-id/none")
    reader = Reader(settings, lambda c: None, lambda name, there, why: reported.append(why))
    reader.open()
    assert eventually(lambda: bool(reported))
    reader.close()
    assert "/dev/input/by-id/none" in reported[0]


class Keyboard:
    """A wedge without a device: what ``WedgeLine`` asks of evdev, over a pipe."""

    def __init__(self) -> None:
        self.fd, self._into = os.pipe()
        self._events: list[Any] = []

    def press(self, *codes: int) -> None:
        for code in codes:
            self._events.append(types.SimpleNamespace(type=1, code=code, value=1))
        os.write(self._into, b"x")

    def read(self) -> list[Any]:
        os.read(self.fd, 1)
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._into)


def shown_after(keys: list[int], **settings: Any) -> list[tuple[ClaimKind, str]]:
    """What a wedge shows after ``keys``, read until something comes or often nothing has."""
    line = WedgeLine(ReaderSettings(driver="wedge", **settings))
    line._device = keyboard = Keyboard()
    keyboard.press(*keys)
    found: list[tuple[ClaimKind, str]] = []
    for _ in range(10):  # each waits a tenth of a second for a key
        found += line.read()
        if found:
            break
    line.close()
    return found


CARD = [CODES[digit] for digit in "0002972728"]


@pytest.mark.parametrize("end", [[28], [96], [15], []])
def test_enter_tab_or_nothing_behind_a_card(end: list[int]) -> None:
    assert shown_after(CARD + end) == [(ClaimKind.CARD, "0002972728")]


def test_a_line_that_is_no_card_is_unreadable_and_not_lost() -> None:
    assert shown_after([CODES["1"]] * 8 + [28]) == [(ClaimKind.CARD, UNREADABLE)]


def test_a_card_typed_and_left_is_unreadable_and_a_pin_is_nobodys_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gate.readers.wedge.PATIENCE", 0.3)
    assert shown_after([CODES["1"]] * 3) == [(ClaimKind.CARD, UNREADABLE)]
    assert shown_after([CODES["1"]] * 6, kind="pin") == []
