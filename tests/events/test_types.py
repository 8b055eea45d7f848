"""Every event the code can make is in the register of events."""

from __future__ import annotations

import re
from pathlib import Path

from gate.door.settings import DoorSettings
from gate.door.state import EventOut
from gate.door.state_machine import step
from gate.door.transition_table import INPUTS, NOW, STATES
from gate.events.types import TYPES

ROOT = Path(__file__).parents[2]
GATE = ROOT / "gate"
FAMILIES = "|".join(sorted({name.split(".")[0] for name in TYPES}))
MADE = re.compile(rf'"((?:{FAMILIES})\.[a-z_]+)"')
# logs and not events: they never leave the box
LOGGED = re.compile(r'log\.\w+\(\s*"([a-z_.]+)"')
# lines of the audit and not events either
AUDITED = re.compile(r'audit\.note(?:_in)?\((?:\s*[\w.]+,)+\s*"([a-z_.]+)"')


# a channel of PostgreSQL, a unit, a package, a name in the network
NO_EVENTS = {"gate.heads", "gate.service", "gate.setup", "gate.local"}


def test_every_event_the_code_makes_is_registered() -> None:
    unknown = {}
    for file in GATE.rglob("*.py"):
        if file.name in ("types.py", "log.py") or "commands" in file.parts:
            continue
        text = file.read_text("utf-8")
        others = {*LOGGED.findall(text), *AUDITED.findall(text)}
        made = set(MADE.findall(text)) - others - set(TYPES)
        made = {
            name
            for name in made
            if name not in NO_EVENTS
            and not name.endswith((".py", ".db", ".key", ".po", ".toml", "gate.events"))
        }
        if made:
            unknown[file.name] = sorted(made)
    assert not unknown


def details_of(type: str) -> set[str]:
    _, _, named = TYPES[type].partition("; details: ")
    return set(named.split(", ")) - {""}


def test_the_page_of_events_says_the_same() -> None:
    page = (ROOT / "docs" / "events.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \|$", page, re.MULTILINE))
    assert rows == TYPES


def test_what_the_door_tells_is_what_the_register_names() -> None:
    emitted: dict[str, set[str]] = {}
    for state in STATES.values():
        for given in INPUTS.values():
            for now in (NOW, NOW + 100.0):
                for effect in step(state, given, now, DoorSettings(contact=True))[1]:
                    if isinstance(effect, EventOut):
                        emitted.setdefault(effect.type, set()).update(effect.values)
    assert emitted
    for type, keys in emitted.items():
        # who asked is added where staff ordered it
        assert keys == details_of(type) - {"by"} | (keys & {"by"}), type
