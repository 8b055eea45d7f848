"""A voice made by espeak-ng on this machine, where the browser has none."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable, Collection
from typing import NamedTuple

from gate.errors import ConfigurationError
from gate.texts.catalogue import Language, word

log = logging.getLogger(__name__)

PROGRAM = "espeak-ng"
_LONGEST = 15.0  # seconds after which a sentence is given up


class _Words(NamedTuple):
    """What is to be said; ``still``: whether it is shown when its turn comes."""

    sentences: list[tuple[Language, str]]
    amplitude: int
    passage: str
    still: Callable[[], bool]


class Espeak:
    """Says the newest sentence; one that is still being spoken is cut off, or heard out first.

    Owned by nobody: ``say`` may be called from any thread and returns at once. A program that
    cannot be started is logged once, and tried again with the next sentence.
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
        self._words: list[_Words] = []  # the first is being said, the others wait
        self._failed = False

    def say(
        self,
        sentences: list[tuple[Language, str]],
        volume: float,
        passage: str = "",
        *,
        after: Collection[str] = (),
        still: Callable[[], bool] = lambda: True,
    ) -> None:
        """Speak the sentences one after the other.

        Args:
            volume: 0 to 1.
            passage: to whom; what waits to be said to them is out of date and dropped.
            after: what is being said to one of these passages is heard out first; anything else
                is cut off, with all that waits.
            still: asked when their turn comes; False: they are not said any more.
        """
        with self._lock:
            if self._words and self._words[0].passage not in after:
                self._cut_off()
            self._words[1:] = [each for each in self._words[1:] if each.passage != passage]
            if not sentences or volume <= 0:
                return
            begin, turn = not self._words, self._turn
            self._words.append(_Words(sentences, round(volume * 200), passage, still))
        if begin:
            threading.Thread(target=self._run, args=(turn,), name="voice", daemon=True).start()

    def stop(self) -> None:
        """Be silent. May be called twice."""
        with self._lock:
            self._cut_off()

    def _cut_off(self) -> None:
        self._turn += 1
        self._words = []
        if self._speaking is not None and self._speaking.poll() is None:
            self._speaking.kill()

    def _run(self, turn: int) -> None:
        while True:
            with self._lock:
                if turn != self._turn:
                    return
                words = self._words[0]
            if words.still():
                self._speak(turn, words.sentences, words.amplitude)
            with self._lock:
                if turn != self._turn:
                    return
                del self._words[0]
                if not self._words:
                    return

    def _speak(self, turn: int, sentences: list[tuple[Language, str]], amplitude: int) -> None:
        for language, words in sentences:
            with self._lock:
                if turn != self._turn:
                    return
                try:
                    process = self._speaking = self._start(language, words, amplitude)
                except OSError as error:
                    if not self._failed:
                        log.warning("voice.failed", extra={"cause": str(error)})
                    self._failed = True
                    continue
                self._failed = False
            try:
                process.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, language: Language, words: str, amplitude: int) -> subprocess.Popen[bytes]:
        voice = word("voice", "espeak", language)
        return subprocess.Popen(
            [self._program, "-v", voice, "-a", str(amplitude), "--", words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
