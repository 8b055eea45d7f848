"""The door: what it does, and what it must never do."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

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
    Lockdown,
    Normal,
    Phase,
    Recovered,
    Relay,
    Rest,
    Tamper,
    Tick,
)
from gate.door.state_machine import energised, step
from gate.door.transition_table import INPUTS, STATES, table
from tests.door.steps import SETTINGS, SHUT, events, run


class TestPassing:
    def test_a_grant_releases_for_the_unlock_time(self) -> None:
        state, effects = step(SHUT, Grant(passage="p1"), 10, SETTINGS)
        assert effects == (Energise(), EventOut("door.unlocked", "p1", {"by": "grant"}))
        assert run(state, (12.9, Tick())).released
        state, effects = step(state, Tick(), 13, SETTINGS)
        assert effects == (Rest(), EventOut("door.locked", "p1", {"entered": False}))
        assert state.phase is Phase.LOCKED

    def test_extended_time(self) -> None:
        state = run(SHUT, (0, Grant(extended=True)))
        assert run(state, (9.9, Tick())).released
        assert not run(state, (10, Tick())).released

    def test_a_second_grant_extends_and_never_toggles(self) -> None:
        state = run(SHUT, (0, Grant()), (2, Grant()))
        assert run(state, (4.9, Tick())).released
        assert not run(state, (5, Tick())).released

    def test_a_shorter_grant_does_not_shorten(self) -> None:
        state = run(SHUT, (0, Grant(extended=True)), (1, Grant()))
        assert run(state, (9.9, Tick())).released

    def test_grants_extend_only_to_the_limit(self) -> None:
        state = run(SHUT, *((float(t), Grant()) for t in range(59)), (59.9, Tick()))
        assert state.released
        assert not run(state, (60, Tick())).released

    def test_grants_close_together_count_once(self) -> None:
        state = run(SHUT, (0, Grant()), (0.4, Grant(extended=True)))
        assert not run(state, (3, Tick())).released

    def test_somebody_else_granted_at_once_is_granted_too(self) -> None:
        other = Grant(extended=True, passage="p2")
        state = run(SHUT, (0, Grant(passage="p1")), (0.4, other))
        assert run(state, (10.3, Tick())).released
        state = run(SHUT, (0, Grant(passage="p1")), (0.1, Lockdown()), (0.2, Normal()))
        assert run(state, (0.3, Grant(passage="p1"))).released

    def test_unlocking_until_the_board_confirms(self) -> None:
        state = run(SHUT, (0, Relay(False)), (1, Grant()))
        assert state.phase is Phase.UNLOCKING
        assert run(state, (1.1, Relay(True))).phase is Phase.UNLOCKED

    def test_closing_behind_somebody_locks(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Contact(True)))
        assert state.phase is Phase.OPEN
        state = run(state, (2, Contact(False)))
        assert state.phase is Phase.LOCKED
        assert not state.released

    def test_who_is_granted_while_another_passes_is_not_locked_out(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Contact(True)), (1.5, Grant()), (2, Contact(False)))
        assert state.phase is Phase.UNLOCKED

    def test_exit_button(self) -> None:
        assert events(SHUT, ExitButton(), 0) == ["door.exit", "door.unlocked"]

    def test_the_passage_goes_with_every_event_until_the_door_is_closed(self) -> None:
        state = run(SHUT, (0, Grant(passage="p1")), (1, Contact(True)), (5, Tick()))
        _, effects = step(state, Contact(False), 6, SETTINGS)
        assert effects == (EventOut("door.closed", "p1", {"seconds": 5}),)


class TestAlarms:
    def test_opened_without_a_grant_is_forced(self) -> None:
        state = run(SHUT, (0, Contact(True)))
        assert state.phase is Phase.FORCED_OPEN
        assert state.alarms == ("forced_open",)
        assert run(state, (9, Contact(False))).alarms == ()

    def test_opened_just_after_locking_is_not(self) -> None:
        state = run(SHUT, (0, Grant()), (3, Tick()))
        assert run(state, (3.4, Contact(True))).phase is Phase.OPEN
        assert run(state, (3.6, Contact(True))).phase is Phase.FORCED_OPEN

    def test_nor_opened_before_anybody_noticed_that_the_time_is_over(self) -> None:
        assert run(SHUT, (0, Grant()), (3.01, Contact(True))).phase is Phase.OPEN

    def test_standing_open_at_start_is_not_forced(self) -> None:
        assert run(DoorState(), (0, Contact(True))).phase is Phase.OPEN

    def test_prealarm_comes_before_held_open(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Contact(True)), (4, Tick()))
        assert events(state, Tick(), 15.9) == []
        assert events(state, Tick(), 16) == ["door.prealarm"]
        state = run(state, (16, Tick()))
        assert state.alarms == ("prealarm",)
        assert events(state, Tick(), 26) == ["door.held"]
        assert run(state, (26, Tick())).phase is Phase.HELD_OPEN

    def test_who_needs_more_time_is_warned_later(self) -> None:
        state = run(SHUT, (0, Grant(extended=True)), (1, Contact(True)), (35.9, Tick()))
        assert state.alarms == ()
        assert run(state, (36, Tick())).alarms == ("prealarm",)

    def test_no_alarm_while_held_open_by_order(self) -> None:
        state = run(SHUT, (0, HoldOpen(600)), (1, Contact(True)), (599, Tick()))
        assert state.alarms == ()
        state = run(state, (600, Tick()))
        assert run(state, (624, Tick())).phase is Phase.OPEN
        assert run(state, (625, Tick())).phase is Phase.HELD_OPEN

    def test_tamper_is_reported_once_and_unlocks_nothing(self) -> None:
        state = run(SHUT, (0, Tamper(True)))
        assert state.alarms == ("tamper",)
        assert not state.released
        assert events(state, Tamper(True), 1) == []
        _, effects = step(state, Tamper(False), 2, SETTINGS)
        assert effects == (EventOut("door.tamper", "", {"open": False}),)

    def test_a_door_held_open_still_lets_people_in(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Contact(True)), (90, Tick()), (91, Grant()))
        assert state.phase is Phase.HELD_OPEN
        assert state.released


class TestOrders:
    def test_lockdown_refuses_grants_and_ends_unlock_and_hold_open(self) -> None:
        state = run(SHUT, (0, HoldOpen(100)), (1, Grant()), (2, Lockdown()))
        assert not state.released
        _, effects = step(state, Grant(passage="p"), 3, SETTINGS)
        expected = {"asked": "grant", "reason": "lockdown"}
        assert effects == (EventOut("door.refused", "p", expected),)
        assert run(state, (4, Normal()), (5, Grant())).released

    def test_people_get_out_in_a_lockdown(self) -> None:
        assert run(SHUT, (0, Lockdown()), (1, ExitButton())).released

    def test_unless_configured_otherwise(self) -> None:
        s = DoorSettings(exit_in_lockdown=False)
        assert not run(SHUT, (0, Lockdown()), (1, ExitButton()), s=s).released

    def test_hold_open_has_an_end_and_a_limit(self) -> None:
        state = run(SHUT, (0, HoldOpen(100)))
        assert run(state, (99.9, Tick())).released
        assert events(state, Tick(), 100) == ["door.hold_ended", "door.locked"]
        state = run(SHUT, (0, HoldOpen(1e9)))
        assert not run(state, (4 * 3600, Tick())).released

    def test_hold_open_in_the_past_is_refused(self) -> None:
        assert events(SHUT, HoldOpen(5), 5) == ["door.refused"]


class TestFire:
    def test_fire_releases_until_reset_by_hand(self) -> None:
        state = run(SHUT, (0, Lockdown()), (1, Fire(True)), (2, Fire(False)), (9e5, Tick()))
        assert state.released
        assert not run(state, (9e5 + 1, FireReset())).released

    def test_it_cannot_be_reset_while_it_burns(self) -> None:
        state = run(SHUT, (0, Fire(True)))
        assert events(state, FireReset(), 1) == ["door.refused"]
        assert run(state, (1, FireReset()), (2, Lockdown()), (3, Normal())).released


class TestFault:
    def test_a_board_that_fails_refuses_grants(self) -> None:
        state = run(SHUT, (0, Fault("no answer", "/dev/x")))
        assert state.phase is Phase.FAULT
        assert events(state, Grant(), 1) == ["door.refused"]
        assert events(state, Fault("no answer"), 1) == []
        assert run(state, (2, Recovered())).phase is Phase.LOCKED

    def test_a_short_fault_does_not_take_a_grant_away(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Fault("glitch")), (1.2, Recovered()))
        assert state.released

    def test_nothing_opens_when_the_board_comes_back_late(self) -> None:
        state = run(SHUT, (0, Grant()), (1, Fault("cable")), (60, Recovered()))
        assert not state.released

    def test_a_relay_that_does_not_obey_is_a_fault(self) -> None:
        state = run(SHUT, (0, Relay(True)), (0.9, Tick()))
        assert state.phase is Phase.LOCKED
        assert events(state, Tick(), 1) == ["door.fault"]
        state = run(state, (1, Tick()))
        assert state.phase is Phase.FAULT
        assert events(state, Relay(False), 2) == ["door.recovered"]


class TestFailSafe:
    def test_a_magnet_is_powered_to_lock(self) -> None:
        s = DoorSettings(fail="safe")
        assert energised(SHUT, s)
        state, effects = step(SHUT, Grant(), 0, s)
        assert Rest() in effects
        assert not energised(state, s)


def test_every_state_and_input_has_its_cell_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "door.md").read_text()
    assert table() in page, (
        "write the output of python -m gate.door.transition_table into docs/door.md"
    )
    assert {state.phase for state in STATES.values()} == set(Phase)
    assert {type(i) for i in INPUTS.values()} == set(Input.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(STATES))
def test_each_example_state_is_the_phase_it_stands_for(name: str) -> None:
    if name in set(Phase):
        assert STATES[name].phase == name


def test_a_state_is_never_changed_in_place() -> None:
    state = replace(SHUT)
    step(state, Grant(), 0, SETTINGS)
    assert state == SHUT


class TestStateByItself:
    def test_when_the_release_ends(self) -> None:
        assert DoorState(fire=True, until=5.0).release_end == math.inf
        assert DoorState().release_end == -math.inf
        assert DoorState(until=5.0).release_end == 5
        assert DoorState(hold_until=9.0).release_end == 9
        assert DoorState(until=5.0, hold_until=9.0).release_end == 9

    def test_alarms(self) -> None:
        assert DoorState(fault="no answer").alarms == ("fault",)
        assert DoorState(stuck=True).alarms == ("fault",)
        assert DoorState(warned=True).alarms == ("prealarm",)
        assert DoorState(warned=True, held=True).alarms == ("held_open",)
