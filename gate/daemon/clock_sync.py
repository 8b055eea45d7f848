"""Whether the clock of this box is synchronised (NTP, PTP).

The kernel knows. A service whose unit keeps it from the system calls of the clock may not ask it;
then systemd is asked, in a thread, since the main loop waits for nobody.
"""

from __future__ import annotations

import ctypes
import subprocess
import threading
import time
from collections.abc import Callable

ASK_AGAIN = 60.0  # seconds
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_COMMAND = ("timedatectl", "show", "--property=NTPSynchronized", "--value")


def of_kernel() -> bool | None:
    """What the kernel says; None where it may not be asked."""
    try:
        buffer = (ctypes.c_byte * 256)()  # struct timex; modes 0: only read
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def of_systemd() -> bool | None:
    """What systemd says; None where there is none."""
    try:
        done = subprocess.run(_COMMAND, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


class Asked:
    """The last answer of ``ask``, never waited for; asked again when it is ``ASK_AGAIN`` old."""

    def __init__(
        self, ask: Callable[[], bool | None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._now = now
        self._answer: bool | None = None
        self._at: float | None = None
        self._asking: threading.Thread | None = None

    def __call__(self) -> bool | None:
        due = self._at is None or self._now() - self._at >= ASK_AGAIN
        if due and (self._asking is None or not self._asking.is_alive()):
            self._asking = threading.Thread(target=self._refresh, name="clock", daemon=True)
            self._asking.start()
        return self._answer

    def wait(self, timeout: float) -> None:
        """Until the question that is under way has been answered."""
        if self._asking is not None:
            self._asking.join(timeout)

    def _refresh(self) -> None:
        self._answer, self._at = self._ask(), self._now()


_asked = Asked(of_systemd)


def synchronised() -> bool | None:
    """Whether the clock is synchronised; None where nobody knows, or not yet. Returns at once."""
    known = of_kernel()
    return _asked() if known is None else known
