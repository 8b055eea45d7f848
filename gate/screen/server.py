"""The screen at the gate: messages in, a page in a browser out. It has a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from gate.clock import Clock
from gate.screen.app import Picture, make_app
from gate.screen.board import Board
from gate.screen.message import Message
from gate.screen.pictures import IDLE, out_of_order
from gate.screen.render import render, spoken
from gate.screen.settings import ScreenSettings
from gate.screen.speech import Espeak
from gate.sockets import PageServer, listen


class Screen:
    """Serves the page.

    Args:
        settings: the ``[screen]`` section.
        clock: monotonic, to measure the painting; wall clock, for the volume of the hour.
        labels: names of the status items, topic → language → words.
        picture: the newest camera picture as JPEG bytes, or None; called in threads of the
            screen.
        painted: receives the number of a message and the seconds from ``show`` until a browser had
            painted it; called in the screen's thread.
    """

    def __init__(
        self,
        settings: ScreenSettings,
        clock: Clock,
        *,
        labels: Mapping[str, Mapping[str, str]] | None = None,
        picture: Picture | None = None,
        painted: Callable[[int, float], None] | None = None,
    ) -> None:
        self._settings, self._clock, self._labels = settings, clock, labels or {}
        self._picture = picture if settings.camera_picture else None
        self.on_painted = painted
        self._voice = Espeak() if settings.speech == "espeak" else None
        self._said: tuple[str, object] = ("", None)  # of what passage, and what
        self._shown: frozenset[str] = frozenset()  # whose answers are on the screen
        self._board = Board()
        self._server: PageServer | None = None
        self.last_painted: float | None = None  # monotonic; old or None: no browser is looking
        self.port = settings.port
        self.show(IDLE)

    @property
    def address(self) -> str:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}/"

    def show(self, message: Message) -> int:
        """Put a message on the screen; from any thread, returns its number at once."""
        page = self._render(message)
        number = self._board.post(json.dumps(page, ensure_ascii=False), self._clock.monotonic())
        if self._voice is not None:
            self._speak(self._voice, message)
        return number

    def _speak(self, voice: Espeak, message: Message) -> None:
        said = [(lang, spoken(message, lang)) for lang in self._settings.languages]
        before, self._said = self._said, (message.passage, said)
        self._shown = frozenset(each.passage for each in (message, *message.earlier))
        # where only the earlier answers have changed, it was said a moment ago
        if self._said == before:
            return
        words, passage = [s for s in said if s[1]], message.passage
        volume = self._settings.volume_at(self._now().time())
        # whoever was told what to do hears it to its end
        after = [each.passage for each in message.earlier]
        voice.say(words, volume, passage, after=after, still=lambda: passage in self._shown)

    def start(self) -> None:
        """Raises ConfigurationError when the address cannot be used."""
        host = self._settings.host
        listening = listen("screen", "screen", host, self.port)
        self.port = listening.getsockname()[1]
        hosts = ["*"] if not self._settings.loopback else ["localhost", "127.0.0.1", "[::1]", host]
        app = make_app(
            self._board,
            self._render(out_of_order("screen_offline")),
            hosts,
            self._picture,
            self._was_painted,
        )
        self._server = PageServer(app, listening, "screen", lifespan=True)
        self._server.start()

    def stop(self) -> None:
        """May be called twice, and without a start."""
        self._board.close()
        if self._voice is not None:
            self._voice.stop()
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> Screen:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _now(self) -> datetime:
        return self._clock.utc().astimezone()

    def _render(self, message: Message) -> dict[str, object]:
        return render(message, self._settings, self._now(), self._labels)

    def _was_painted(self, number: int) -> None:
        posted = self._board.newest
        if number == posted.number:
            self.last_painted = self._clock.monotonic()
            if self.on_painted is not None:
                self.on_painted(number, self.last_painted - posted.at)
