"""Readers that type like a keyboard, by evdev: opened by id and grabbed, so nothing leaks."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable
from typing import Any

from gate.errors import DeviceError
from gate.readers.claim import UNREADABLE, ClaimKind, Shown
from gate.readers.settings import ReaderSettings
from gate.readers.typed import Typing, idle, key
from gate.readers.typed_claim import typed_claim

EV_KEY = 1
WAIT = 0.1  # seconds for the next key
RELEASED, PRESSED = 0, 1  # 2 is a key that repeats

# seconds without a key after which an unfinished line is given up: a reader needs milliseconds, a
# person who types a PIN takes their time
PATIENCE = 10.0


class WedgeLine:
    """Card reader, scanner or PIN pad; what it types never reaches a console."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._device: Any = None
        self._typing = Typing()

    def open(self) -> None:
        self.close()
        try:
            import evdev

            self._device = evdev.InputDevice(self._settings.port)
            self._device.grab()
        except ImportError:
            raise self._error("the package evdev is not installed", "pip install evdev") from None
        except OSError as error:
            self.close()
            raise self._error(
                error.strerror or str(error),
                "plug it in, look for its name in /dev/input/by-id (it ends in -event-kbd), and "
                "let the gate's user belong to the group input",
            ) from None
        self._typing = Typing()

    def read(self) -> Iterable[Shown]:
        try:
            if not select.select([self._device.fd], [], [], WAIT)[0]:
                return self._idle(time.monotonic())
            events = list(self._device.read())
        except (OSError, ValueError) as error:
            raise self._error(str(error), "plug it in; the gate retries automatically") from None
        shown = []
        now = time.monotonic()
        for event in events:
            if event.type == EV_KEY and event.value in (RELEASED, PRESSED):
                pressed = event.value == PRESSED
                patience = PATIENCE
                self._typing, line = key(self._typing, event.code, pressed, now, patience)
                if line:
                    shown.append(typed_claim(line, self._settings))
        return shown

    def _idle(self, now: float) -> list[Shown]:
        """Readers that send no line end: what was typed at a machine's speed is whole."""
        self._typing, line, whole = idle(self._typing, now, PATIENCE)
        kind = ClaimKind(self._settings.kind)
        if not line or kind is ClaimKind.PIN:  # a PIN left unfinished is nobody's attempt
            return []
        return [typed_claim(line, self._settings) if whole else (kind, UNREADABLE)]

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None

    def _error(self, why: str, hint: str) -> DeviceError:
        return DeviceError(
            f"the keyboard reader cannot be used: {why}", where=self._settings.port, hint=hint
        )
