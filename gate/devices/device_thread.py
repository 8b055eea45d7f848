"""A thread for a device that sends data: opens it, reads it, reopens it when lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from gate.errors import DeviceError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

StatusListener = Callable[[str, bool, str], None]
"""Called with (device, there, reason) each time a device is lost or back; called in its thread."""


class Line(Protocol[T_co]):
    """What a device driver offers the thread. Only the thread calls it."""

    def open(self) -> None: ...

    def read(self) -> Iterable[T_co]:
        """What came; returns within a second, whatever the device does."""
        ...

    def close(self) -> None: ...


# seconds before the second attempt to open a device, and the longest wait to which it doubles: one
# that was knocked loose is back at once, one that is gone does not keep a core busy
RETRY = (0.5, 30.0)


class DeviceThread(Generic[T]):
    """Passes each value to ``emit`` in its own thread; a lost device is retried indefinitely."""

    def __init__(
        self,
        name: str,
        line: Line[T],
        emit: Callable[[T], None],
        status: StatusListener | None = None,
        *,
        retry: tuple[float, float] | None = None,
        speaks: bool = False,
    ) -> None:
        """``speaks``: it says something all the time, so that only a value shows it is there;
        a card reader sends nothing until a card comes. ``retry``: seconds, instead of ``RETRY``."""
        self.name = name
        self._line = line
        self._emit = emit
        self._status = status or (lambda device, there, reason: None)
        self._speaks = speaks
        self._retry = retry or RETRY
        self._there: bool | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def there(self) -> bool:
        """Whether the device answers, as far as is known."""
        return bool(self._there)

    def open(self) -> None:
        """Start; returns at once."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=self.name)
            self._thread.start()

    def close(self) -> None:
        """Stop and let go of the device. May be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._there = None

    def _run(self) -> None:
        wait, most = self._retry
        while not self._stop.is_set():
            try:
                self._line.open()
                while not self._stop.is_set():
                    heard = not self._speaks
                    for value in self._line.read():
                        self._emit(value)
                        heard = True
                    if heard:
                        self._tell(True, "")
                        wait = self._retry[0]
            except Exception as error:  # whatever goes wrong, the device is looked for again
                self._tell(False, _reason(error))
                self._line.close()
                self._stop.wait(wait)
                wait = min(2 * wait, most)
        self._line.close()

    def _tell(self, there: bool, reason: str) -> None:
        if there != self._there:
            self._there = there
            self._status(self.name, there, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, DeviceError):
        return f"{error.what} ({error.where})" if error.where else error.what
    return f"unexpected: {type(error).__name__}"  # its text might hold a card number
