"""A reader as the daemon knows it: claims come to a callback, in the reader's thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from gate.devices.device_thread import DeviceThread, StatusListener
from gate.readers.claim import Claim, ClaimKind
from gate.readers.lines import make_line
from gate.readers.repeats import Repeats
from gate.readers.settings import ReaderSettings

# seconds a card must be away before it is a second claim: a reader sends one that lies on it again
# and again, and loses it for moments
LYING = 1.5


class Reader:
    """``emit`` gets each claim once; it must be quick (put it into a queue)."""

    def __init__(
        self,
        settings: ReaderSettings,
        emit: Callable[[Claim], None],
        status: StatusListener | None = None,
        *,
        lying: float = LYING,
        retry: tuple[float, float] | None = None,
    ) -> None:
        """``lying``, ``retry``: seconds, instead of ``LYING`` and ``device_thread.RETRY``."""
        self.name = settings.name
        self._settings = settings
        self._emit = emit
        self._lying = lying
        self._repeats = Repeats()
        self._line = make_line(settings)
        self._thread = DeviceThread(
            settings.name,
            self._line,
            self._shown,
            status,
            retry=retry,
        )

    @property
    def there(self) -> bool:
        return self._thread.there

    def open(self) -> None:
        self._thread.open()

    def feedback(self, granted: bool) -> None:
        """Light and sound of the reader itself, where it has them (OSDP)."""
        answer = getattr(self._line, "feedback", None)
        if answer is not None:
            answer(granted)

    def close(self) -> None:
        self._thread.close()

    def _shown(self, value: tuple[ClaimKind, str]) -> None:
        kind, text = value
        now = time.monotonic()
        if kind is not ClaimKind.PIN:  # the same PIN typed twice is two attempts
            self._repeats, fresh = self._repeats.see(text, now, self._lying)
            if not fresh:
                return
        self._emit(Claim(kind, text, self.name, now))
