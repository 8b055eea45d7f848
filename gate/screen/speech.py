"""A voice made by espeak-ng on this machine, where the browser has none."""

from __future__ import annotations

import shutil
import subprocess
import threading

from gate.errors import ConfigurationError
from gate.texts.catalogue import Language, word

PROGRAM = "espeak-ng"
_LONGEST = 15.0  # seconds after which a sentence is given up


class Espeak:
    """Says the newest sentence; one that is still being spoken is cut off.

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

    def say(self, sentences: list[tuple[Language, str]], volume: float) -> None:
        """Speak the sentences one after the other, ``volume`` 0 to 1."""
        self.stop()
        if sentences and volume > 0:
            with self._lock:
                turn = self._turn
            args = turn, sentences, round(volume * 200)
            threading.Thread(target=self._speak, args=args, name="voice", daemon=True).start()

    def stop(self) -> None:
        """Be silent. May be called twice."""
        with self._lock:
            self._turn += 1
            if self._speaking is not None and self._speaking.poll() is None:
                self._speaking.kill()

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
