"""Wait for what happens, not for a time.

A test never depends on how fast the machine is: it waits until what it expects is there, and fails
only after ``PATIENCE``, which is long enough for a machine that runs twenty other programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0  # seconds
_FIRST, _LAST = 0.005, 0.025  # between two looks: what takes longer is looked at less often

Found = TypeVar("Found")


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether ``condition`` comes true within ``seconds``; returns as soon as it does."""
    began = time.monotonic()
    while not condition() and time.monotonic() < began + seconds:
        _pause(began)
    return bool(condition())


def wait_for(condition: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """What ``condition`` gives as soon as that is true; an AssertionError after ``seconds``."""
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() < began + seconds, f"it did not happen in {seconds} s"
        _pause(began)
    return found


def _pause(began: float) -> None:
    waited = time.monotonic() - began
    time.sleep(min(max(waited / 20, _FIRST), _LAST))
