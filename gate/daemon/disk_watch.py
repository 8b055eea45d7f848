"""Ends a run from memory once the disk can be written again: whoever is blocked at the desk from
then on would go on getting in by the copy."""

from __future__ import annotations

import threading
from collections.abc import Callable

LOOK = 60.0  # seconds between two looks
LOOKS = 5  # of one outcome: a disk that comes and goes does not keep the gate starting


class DiskWatch:
    """A thread of its own: a failing disk may keep whoever writes to it waiting."""

    name = "disk"

    def __init__(
        self, why: Callable[[], str], again: Callable[[str], None], every: float = LOOK
    ) -> None:
        """
        Args:
            why: why the disk cannot be written; "" where it can be.
            again: has the gate start again, for the reason it is given.
            every: seconds between two looks.
        """
        self._why, self._again, self._every = why, again, every
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until the disk could be written at ``LOOKS`` looks in a row, or ``close``."""
        well = 0
        while well < LOOKS:
            if self._stopping.wait(self._every):
                return
            well = 0 if self._why() else well + 1
        self._again("the disk can be written again")

    def close(self) -> None:
        self._stopping.set()
