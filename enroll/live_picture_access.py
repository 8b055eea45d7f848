"""Who may look through which camera at this moment: a minute for each time it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from gate.services import live_picture

MINUTE = 60.0  # seconds


def gates_with_picture(folder: Path, gates: Iterable[str]) -> frozenset[str]:
    """Those of ``gates`` that offer their picture on this machine."""
    return frozenset(gate for gate in gates if live_picture.address(folder, gate).is_socket())


class LivePictureAccess:
    """In memory only: a restart of the desk ends every look. May be used by any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: monotonic seconds."""
        self._clock = clock
        self._until: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()

    def begin(self, account: int, gate: str) -> None:
        """From now on, for a minute."""
        with self._lock:
            now = self._clock()
            self._until = {key: end for key, end in self._until.items() if end > now}
            self._until[account, gate] = now + MINUTE

    def left(self, account: int, gate: str) -> float:
        """Seconds that are left; 0 without a look."""
        with self._lock:
            return max(0.0, self._until.get((account, gate), 0.0) - self._clock())
