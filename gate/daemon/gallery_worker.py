"""Keeps the recogniser's faces in step with the register, and learns the site again.

Learning takes seconds with some thousand people and half a minute on a busy box. Nothing else
waits for it: people who are blocked, orders and writes have threads of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gate.daemon.build import Core
from gate.daemon.device_faults import DeviceStatus
from gate.daemon.periodic import Periodic
from gate.recognition.interfaces import Matching

MINUTE = 60.0  # seconds between two looks whether the register has outgrown its calibration


class GalleryWorker(Periodic):
    """New matchers are assigned to the recogniser whole."""

    name = "gallery"

    def __init__(self, core: Core, post: Callable[[DeviceStatus], None]) -> None:
        """``post``: takes whether anybody can be recognised, each time the faces have changed."""
        super().__init__()
        self._core = core
        self._post = post
        self._checked = time.monotonic()
        self._judged: int | None = None  # generation of the register that was looked at

    def look(self) -> None:
        known = self._core.known
        matcher = known.matcher()
        if matcher is not self._core.recogniser.matcher:
            self._core.recogniser.matcher = matcher
        generation = known.generation
        if generation != self._judged:
            self._post(self._status(matcher))
            self._judged = generation
        if time.monotonic() - self._checked > MINUTE:
            self._checked = time.monotonic()
            known.relearn()  # the next look puts it into use

    def _status(self, matcher: Matching) -> DeviceStatus:
        """Out of order where all enrolled faces are of another encoder; nobody enrolled is not."""
        others = 0 if matcher.people else sum(self._core.store.templates.count().values())
        cause = f"none of {others} templates is of {matcher.encoder}" if others else ""
        return DeviceStatus("gallery", "gallery", not others, cause)
