"""The camera's newest picture for the desk on the same machine, on request.

The gate answers on a Unix socket in its data folder, which only its own user may enter: no port, no
password, nothing on the disk. A connection gets one JPEG and is closed; without a picture it gets
nothing. A gate on another machine has no such socket here, so its picture is not seen at this desk.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)

Picture = Callable[[], bytes | None]

WIDTH = 640  # pixels: enough to see who stands there and what the light is like
LARGEST = 1 << 20  # bytes that are accepted
WITHIN = 2.0  # seconds for one picture


def address(folder: Path, gate: str) -> Path:
    """Where the gate of that name answers."""
    return folder / f"{gate}.picture"


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same path in few letters: that of a socket has 107 bytes at most."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def fetch(folder: Path, gate: str) -> bytes | None:
    """One JPEG; None when no gate of that name answers here, or it has no picture."""
    data = bytearray()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(WITHIN)
            with _short(address(folder, gate)) as path:
                asking.connect(path)
            while len(data) <= LARGEST:
                part = asking.recv(1 << 16)
                if not part:
                    return bytes(data) or None
                data += part
    except OSError:
        return None
    return None


class PictureServer:
    """Answers in a thread of its own, one asker at a time, until closed."""

    def __init__(self, folder: Path, gate: str, picture: Picture) -> None:
        self._path = address(folder, gate)
        self._picture = picture
        self._listening: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin. A folder that takes no socket is logged: the gate works without it."""
        try:
            self._path.unlink(missing_ok=True)  # of a gate that was killed
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listening = listening
            with _short(self._path) as path:
                listening.bind(path)
            self._path.chmod(0o600)
            listening.listen(4)
        except OSError as error:
            log.warning("picture.not_served", extra={"cause": str(error), "where": str(self._path)})
            self.close()
            return
        self._thread = threading.Thread(target=self._serve, name="live-picture", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """May be called twice, and without ``open``."""
        listening, self._listening = self._listening, None
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
            listening.close()
            self._path.unlink(missing_ok=True)
        if self._thread is not None:
            self._thread.join(WITHIN)
            self._thread = None

    def _serve(self) -> None:
        listening = self._listening
        while listening is not None and self._listening is listening:
            try:
                asking, _ = listening.accept()
            except OSError:
                return  # closed
            with asking, suppress(OSError):  # whoever asked may have gone
                asking.settimeout(WITHIN)
                asking.sendall(self._picture() or b"")
