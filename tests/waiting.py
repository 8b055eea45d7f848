"""Wait for what happens, not for a time.

A test never depends on how fast the machine is: it waits until what it expects is there, and fails
only after ``PATIENCE``, which is long enough for a machine that runs twenty other programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0  # seconds
_EVERY = 0.005

Found = TypeVar("Found")


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether ``condition`` comes true within ``seconds``; returns as soon as it does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(_EVERY)
    return bool(condition())


def wait_for(condition: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """What ``condition`` gives as soon as that is true; an AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"it did not happen in {seconds} s"
        time.sleep(_EVERY)
    return found
