"""Notes an update in the audit; run by the new software, which knows its register.

python -m gate.update.note CONFIGURATION VERSION
"""

from __future__ import annotations

import sys
from pathlib import Path

from gate.config.settings import load
from gate.store.store import Store


def note(config: Path, version: str) -> None:
    """Raises GateError."""
    settings = load(config)
    with Store.open(settings.store, settings.data, create=False) as store:
        store.audit.note("command line", "software.update", done=True, version=version, why="")


if __name__ == "__main__":
    note(Path(sys.argv[1]), sys.argv[2])
