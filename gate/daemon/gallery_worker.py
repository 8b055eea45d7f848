"""Keeps the recogniser's faces in step with the register, and learns the site again.

Learning takes seconds with some thousand people and half a minute on a busy box. Nothing else
waits for it: people who are blocked, orders and writes have threads of their own.
"""

from __future__ import annotations

import time

from gate.daemon.build import Core
from gate.daemon.periodic import Periodic

MINUTE = 60.0  # seconds between two looks whether the register has outgrown its calibration


class GalleryWorker(Periodic):
    """New matchers are assigned to the recogniser whole."""

    name = "gallery"

    def __init__(self, core: Core) -> None:
        super().__init__()
        self._core = core
        self._checked = time.monotonic()

    def look(self) -> None:
        matcher = self._core.known.matcher()
        if matcher is not self._core.recogniser.matcher:
            self._core.recogniser.matcher = matcher
        if time.monotonic() - self._checked > MINUTE:
            self._checked = time.monotonic()
            self._core.known.relearn()  # the next look puts it into use
