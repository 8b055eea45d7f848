"""A process of a test that is killed at a step of its work."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

Work = Callable[..., Any]


def killed_before(step: int) -> Callable[[Work], Work]:
    """What makes calls count: this process is killed before the one of that number, from 0."""
    count = 0

    def counted(work: Work) -> Work:
        def works(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count > step:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*given, **named)

        return works

    return counted
