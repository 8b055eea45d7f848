"""A door with a contact, and what comes of its inputs."""

from __future__ import annotations

from gate.door.settings import DoorSettings
from gate.door.state import (
    DoorState,
    EventOut,
    Input,
)
from gate.door.state_machine import step

SETTINGS = DoorSettings(contact=True)
SHUT = DoorState(open=False)


def run(state: DoorState, *inputs: tuple[float, Input], s: DoorSettings = SETTINGS) -> DoorState:
    for at, given_input in inputs:
        state, _ = step(state, given_input, at, s)
    return state


def events(
    state: DoorState, given_input: Input, at: float, s: DoorSettings = SETTINGS
) -> list[str]:
    return [e.type for e in step(state, given_input, at, s)[1] if isinstance(e, EventOut)]
