"""The table of docs/door.md, made by running it: ``python -m gate.door.transition_table``.

Each row starts from one state, each column gives one input; the cell is what ``step`` answers.
"""

from __future__ import annotations

from dataclasses import replace

from gate.door.settings import DoorSettings
from gate.door.state import (
    Contact,
    DoorState,
    Energise,
    EventOut,
    ExitButton,
    Fault,
    Fire,
    FireReset,
    Grant,
    HoldOpen,
    Input,
    Late,
    Lockdown,
    Normal,
    Phase,
    Recovered,
    Relay,
    Rest,
    Tamper,
    Tick,
)
from gate.door.state_machine import step

NOW = 1000.0
SETTINGS = DoorSettings(contact=True)
_SHUT = DoorState(open=False, relay=False)
_UNLOCKED = replace(_SHUT, until=NOW + 2, limit=NOW + 50, granted=NOW - 1, by="grant", relay=True)
_OPEN = replace(_UNLOCKED, open=True, opened=NOW - 1, entered=True)

STATES: dict[str, DoorState] = {
    Phase.LOCKED: _SHUT,
    Phase.UNLOCKING: replace(_UNLOCKED, relay=False, differs=NOW - 0.1),
    Phase.UNLOCKED: _UNLOCKED,
    Phase.OPEN: _OPEN,
    Phase.HELD_OPEN: replace(
        _SHUT, open=True, opened=NOW - 100, warned=True, held=True, entered=True
    ),
    Phase.FORCED_OPEN: replace(_SHUT, open=True, opened=NOW - 1, forced=True),
    Phase.FAULT: DoorState(fault="no answer"),
    "fire": replace(_SHUT, fire=True, relay=True),
    "lock-down": replace(_SHUT, lockdown=True),
    "hold-open": replace(_SHUT, hold_until=NOW + 60, relay=True),
}

INPUTS: dict[str, Input] = {
    "grant": Grant(),
    "grant, extended": Grant(extended=True),
    "exit button": ExitButton(),
    "door opens": Contact(True),
    "door closes": Contact(False),
    "fire": Fire(True),
    "fire over": Fire(False),
    "fire reset by hand": FireReset(),
    "tamper": Tamper(True),
    "lock-down": Lockdown(),
    "hold-open": HoldOpen(NOW + 600),
    "normal": Normal(),
    "board confirms on": Relay(True),
    "board says off": Relay(False),
    "board fails": Fault("no answer"),
    "board is back": Recovered(),
    "main loop was late": Late(),
    "3 s pass": Tick(),
}


def cell(state: DoorState, name: str) -> str:
    """Next phase, relay if it moves, events: in words."""
    now = NOW + 3 if name == "3 s pass" else NOW
    after, effects = step(state, INPUTS[name], now, SETTINGS)
    words = [f"**{after.phase}**" if after.phase != state.phase else "·"]
    for effect in effects:
        match effect:
            case Energise():
                words.append("relay on")
            case Rest():
                words.append("relay off")
            case EventOut(kind, _, values):
                reason = f" ({values['reason']})" if kind == "door.refused" else ""
                words.append(f"`{kind.removeprefix('door.')}`{reason}")
    if words == ["·"] and after != state:
        words = ["· noted"]
    return ", ".join(words)


def table() -> str:
    """Markdown; "·" stays in its state."""
    lines = ["| input | " + " | ".join(STATES) + " |", "|---" * (len(STATES) + 1) + "|"]
    for name in INPUTS:
        cells = " | ".join(cell(state, name) for state in STATES.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
