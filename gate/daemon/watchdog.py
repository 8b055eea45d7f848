"""The watchdog: the main loop feeds it, a thread watches, systemd is notified while all is well.

A loop that hangs for ``patience`` seconds is reported once with its stack (to the
log, by ``on_hang``) and systemd is no longer notified, so that ``WatchdogSec`` ends the process and
restarts it. The relay has dropped long before: see docs/safety.md.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable


def notify(message: str) -> bool:
    """Notify systemd (``READY=1``, ``WATCHDOG=1``, ``STATUS=…``); False without systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire, contextlib.suppress(OSError):
        wire.connect(address)
        wire.send(message.encode())
        return True
    return False


class Watchdog:
    """``feed`` from the main loop each turn; everything else happens in the watchdog's thread."""

    def __init__(
        self,
        patience: float = 3.0,
        on_hang: Callable[[float, str], None] | None = None,
        send: Callable[[str], object] = notify,
    ) -> None:
        self._patience = patience
        self._on_hang = on_hang or (lambda seconds, where: None)
        self._send = send
        self._fed = time.monotonic()
        self._owner: int | None = None
        self._hung = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def hung(self) -> bool:
        return self._hung

    def start(self) -> None:
        """From the thread that will feed it."""
        self._owner = threading.get_ident()
        self.feed()
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def ready(self) -> None:
        """Startup is complete; dependent units may start."""
        self._send("READY=1")

    def feed(self) -> None:
        self._fed = time.monotonic()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._send("STOPPING=1")

    def _watch(self) -> None:
        while not self._stop.wait(self._patience / 6):
            still = time.monotonic() - self._fed
            if still <= self._patience:
                self._hung = False
                self._send("WATCHDOG=1")
            elif not self._hung:
                self._hung = True
                self._send(f"STATUS=the main loop has hung for {still:.1f} s")
                self._on_hang(still, self._where())

    def _where(self) -> str:
        """The innermost lines of the loop's stack, for the log."""
        frame = sys._current_frames().get(self._owner or 0)
        if frame is None:
            return ""
        return " < ".join(f"{f.name}:{f.lineno}" for f in traceback.extract_stack(frame)[-4:][::-1])
