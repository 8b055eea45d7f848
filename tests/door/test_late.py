"""A main loop that was late: the relay dropped as it must, and the board is not blamed."""

from __future__ import annotations

from dataclasses import replace

from gate.door.settings import DoorSettings
from gate.door.state import DoorState, Late, Phase, Relay
from gate.door.state_machine import step

NOW = 1000.0
SETTINGS = DoorSettings()
FIRE = DoorState(fire=True, fire_input=True, relay=False, differs=NOW - 5)


def test_a_difference_older_than_the_pause_is_forgotten() -> None:
    after, effects = step(FIRE, Late(), NOW, SETTINGS)
    assert effects == ()
    assert (after.relay, after.differs, after.phase) == (None, None, Phase.UNLOCKED)


def test_it_counts_again_from_the_next_report() -> None:
    after, _ = step(FIRE, Late(), NOW, SETTINGS)
    after, _ = step(after, Relay(False), NOW + 0.1, SETTINGS)
    assert after.differs == NOW + 0.1


def test_a_fault_that_was_reported_stays_until_the_board_follows() -> None:
    stuck = replace(FIRE, stuck=True)
    after, effects = step(stuck, Late(), NOW, SETTINGS)
    assert effects == ()
    assert after.phase is Phase.FAULT
    after, effects = step(after, Relay(True), NOW + 0.1, SETTINGS)
    assert [effect.type for effect in effects] == ["door.recovered"]  # type: ignore[union-attr]
