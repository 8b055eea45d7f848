"""Every event the code can make is in the register of events."""

from __future__ import annotations

import re
from pathlib import Path

from gate.events.types import TYPES

GATE = Path(__file__).parent.parent / "gate"
FAMILIES = "|".join(sorted({name.split(".")[0] for name in TYPES}))
MADE = re.compile(rf'"((?:{FAMILIES})\.[a-z_]+)"')
# logs and not events: they never leave the box
LOGGED = re.compile(r'log\.\w+\(\s*"([a-z_.]+)"')


def test_every_event_the_code_makes_is_registered() -> None:
    unknown = {}
    for file in GATE.rglob("*.py"):
        if file.name in ("types.py", "log.py") or "commands" in file.parts:
            continue
        text = file.read_text("utf-8")
        made = set(MADE.findall(text)) - set(LOGGED.findall(text)) - set(TYPES)
        made = {
            name
            for name in made
            if not name.endswith((".py", ".db", ".key", ".toml", "gate.events"))
        }
        if made:
            unknown[file.name] = sorted(made)
    assert not unknown
