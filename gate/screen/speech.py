"""A voice made by espeak-ng on this machine, where the browser has none."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import NamedTuple

from gate.errors import ConfigurationError
from gate.texts.catalogue import Language, word

PROGRAM = "espeak-ng"
_LONGEST = 15.0  # seconds after which a sentence is given up


class _Words(NamedTuple):
    """What is to be said; ``still``: whether it is shown when its turn comes."""

    sentences: list[tuple[Language, str]]
    amplitude: int
    still: Callable[[], bool]


class Espeak:
    """Says the newest sentence; one that is still being spoken is cut off, or heard out first.

    Owned by nobody: ``say`` may be called from any thread and returns at once.
    """

    def __init__(self) -> None:
        """Raises ConfigurationError when the program is not installed."""
        found = shutil.which(PROGRAM)
        if found is None:
            raise ConfigurationError(
                f"{PROGRAM} is not installed, but the screen is set to speak with it",
                where="[screen] speech",
                hint=f'install {PROGRAM}, or set speech = "browser" or "off"',
            )
        self._program = found
        self._lock = threading.Lock()
        self._speaking: subprocess.Popen[bytes] | None = None
        self._turn = 0
        self._waiting: list[_Words] | None = None  # None: nothing is being said

    def say(self, sentences: list[tuple[Language, str]], volume: float) -> None:
        """Speak the sentences one after the other, ``volume`` 0 to 1."""
        self.stop()
        self.say_next(sentences, volume, lambda: True)

    def say_next(
        self, sentences: list[tuple[Language, str]], volume: float, still: Callable[[], bool]
    ) -> None:
        """The same after what is being said, if ``still`` says then that they are shown."""
        if not sentences or volume <= 0:
            return
        with self._lock:
            begin, turn = self._waiting is None, self._turn
            self._waiting = [
                *(self._waiting or []),
                _Words(sentences, round(volume * 200), still),
            ]
        if begin:
            threading.Thread(target=self._run, args=(turn,), name="voice", daemon=True).start()

    def stop(self) -> None:
        """Be silent. May be called twice."""
        with self._lock:
            self._turn += 1
            self._waiting = None
            if self._speaking is not None and self._speaking.poll() is None:
                self._speaking.kill()

    def _run(self, turn: int) -> None:
        while True:
            with self._lock:
                if turn != self._turn:
                    return
                if not self._waiting:
                    self._waiting = None
                    return
                words = self._waiting.pop(0)
            if words.still():
                self._speak(turn, words.sentences, words.amplitude)

    def _speak(self, turn: int, sentences: list[tuple[Language, str]], amplitude: int) -> None:
        for language, words in sentences:
            with self._lock:
                if turn != self._turn:
                    return
                self._speaking = subprocess.Popen(
                    [
                        self._program,
                        "-v",
                        word("voice", "espeak", language),
                        "-a",
                        str(amplitude),
                        "--",
                        words,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                process = self._speaking
            try:
                process.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
