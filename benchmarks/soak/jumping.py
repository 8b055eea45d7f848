"""``python -m benchmarks.soak.jumping FILE ARGUMENTS…``: gate with a wall clock that jumps.

FILE says by how many seconds the clock is ahead; it is read at each look at the clock.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from gate.clock import SystemClock


def main() -> None:
    file = Path(sys.argv.pop(1))
    right = SystemClock.utc

    def utc(self: SystemClock) -> datetime:
        return right(self) + timedelta(seconds=float(file.read_text() or 0))

    SystemClock.utc = utc  # type: ignore[method-assign]
    from gate.cli import main as gate

    gate()


if __name__ == "__main__":
    main()
