"""One test for what taking a condition or a field of the door away would change.

See docs/mutation.md.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.door.settings import DoorSettings
from gate.door.state import (
    Contact,
    DoorState,
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
    Tick,
)
from gate.door.state_machine import step
from tests.door.steps import SETTINGS, SHUT, events, run


class TestEachConditionByItself:
    """One test for what taking a condition or a field away would change; see tools/mutate.py."""

    def test_a_fault_forgets_what_the_contact_and_the_board_said(self) -> None:
        before = DoorState(
            open=True, opened=5.0, relay=True, differs=5.0, held=True, warned=True, forced=True
        )
        after = run(before, (6, Fault("no answer")))
        assert (after.open, after.opened, after.relay) == (None, 5.0, None)
        assert (after.held, after.warned, after.forced) == (True, True, True)

    def test_an_override_passes_a_lock_down_and_nothing_else_does(self) -> None:
        locked = replace(SHUT, lockdown=True)
        assert run(locked, (10, Grant(override=True, passage="p1"))).released
        assert not run(locked, (10, Grant(passage="p1"))).released
        assert run(SHUT, (10, Grant(passage="p1"))).released

    def test_the_exit_button_works_unless_there_is_a_lock_down(self) -> None:
        closed = DoorSettings(contact=True, exit_in_lockdown=False)
        assert run(SHUT, (10, ExitButton()), s=closed).by == "exit"
        assert not run(replace(SHUT, lockdown=True), (10, ExitButton()), s=closed).released

    def test_the_end_of_a_hold_begins_the_time_of_an_open_door_again(self) -> None:
        held = DoorState(open=True, opened=5.0, hold_until=100.0)
        assert run(held, (50, Normal())).opened == 50
        assert run(replace(held, hold_until=None), (50, Normal())).opened == 5.0
        assert run(replace(held, open=False, opened=None), (50, Normal())).opened is None
        assert run(held, (100, Tick())).opened == 100
        assert run(replace(held, open=False, opened=None), (100, Tick())).opened is None

    @pytest.mark.parametrize("excuse", [{"forced": True}, {"fire": True}, {"hold_until": 900.0}])
    def test_an_open_door_that_is_excused_is_not_held_too_long(
        self, excuse: dict[str, bool | float]
    ) -> None:
        open_door = DoorState(open=True, opened=0.0)
        assert "door.held" in events(open_door, Tick(), 500)
        assert "door.held" not in events(replace(open_door, **excuse), Tick(), 500)

    def test_an_extended_grant_stays_extended(self) -> None:
        state = run(SHUT, (10, Grant(extended=True, passage="p1")), (11, Grant(passage="p2")))
        assert state.extended

    def test_closing_forgets_what_belonged_to_the_opening(self) -> None:
        before = DoorState(
            open=True, opened=5.0, warned=True, held=True, extended=True, passage="p1"
        )
        after, effects = step(before, Contact(False), 9, SETTINGS)
        assert effects == (EventOut("door.closed", "p1", {"seconds": 4}),)
        assert (after.opened, after.warned, after.held, after.extended) == (None,) + (False,) * 3
        assert after.passage == ""
        released = replace(before, until=20.0, limit=60.0)
        assert run(released, (9, Contact(False))).passage == "p1", "the lock is still released"
        unknown = replace(before, opened=None)
        assert step(unknown, Contact(False), 9, SETTINGS)[1] == (
            EventOut("door.closed", "p1", {"seconds": None}),
        )

    def test_only_where_it_is_wished_does_closing_lock_before_the_time(self) -> None:
        through = DoorState(open=True, opened=5.0, entered=True, until=20.0, limit=60.0)
        assert not run(through, (9, Contact(False))).released
        kept = DoorSettings(contact=True, relock_on_close=False)
        assert run(through, (9, Contact(False)), s=kept).released

    def test_an_opening_is_of_the_passage_and_a_forced_one_is_nobodys(self) -> None:
        released = replace(SHUT, until=20.0, limit=60.0, passage="p1")
        assert step(released, Contact(True), 9, SETTINGS)[1][0] == EventOut("door.opened", "p1")
        shut = replace(SHUT, passage="p1")
        assert step(shut, Contact(True), 9, SETTINGS)[1][0] == EventOut("door.forced", "")

    def test_fire_and_a_hold_end_the_alarms_of_an_open_door(self) -> None:
        alarmed = DoorState(open=True, opened=5.0, warned=True, held=True, forced=True)
        for given_input in (Fire(True), HoldOpen(until=500.0, reason="move")):
            after = run(alarmed, (9, given_input))
            assert (after.warned, after.held, after.forced) == (False, False, False)

    def test_the_end_of_a_fire_begins_the_time_of_an_open_door_again(self) -> None:
        burnt = DoorState(open=True, opened=5.0, fire=True)
        assert run(burnt, (50, FireReset())).opened == 50
        assert run(replace(burnt, open=False, opened=None), (50, FireReset())).opened is None

    @pytest.mark.parametrize(
        ("given_input", "by"), [(Fire(True), "fire"), (HoldOpen(until=500.0), "hold_open")]
    )
    def test_what_releases_the_lock_is_named(self, given_input: Input, by: str) -> None:
        effects = step(replace(SHUT, by="grant", entered=True), given_input, 9, SETTINGS)[1]
        assert EventOut("door.unlocked", "", {"by": by}) in effects
        assert not run(replace(SHUT, entered=True), (9, given_input)).entered

    def test_locking_is_remembered_and_the_passage_of_a_door_left_open_too(self) -> None:
        released = DoorState(open=False, until=9.0, limit=60.0, passage="p1")
        assert run(released, (10, Tick())).passage == ""
        assert run(released, (10, Tick())).relocked == 10
        assert run(replace(released, open=True, opened=5.0), (10, Tick())).passage == "p1"

    def test_a_board_that_follows_again_has_recovered_only_where_it_was_stuck(self) -> None:
        stuck = replace(SHUT, stuck=True, differs=5.0)
        after, effects = step(stuck, Relay(False), 9, SETTINGS)
        assert effects == (EventOut("door.recovered"),)
        assert (after.stuck, after.differs) == (False, None)
        after, effects = step(replace(SHUT, differs=5.0), Relay(False), 5.1, SETTINGS)
        assert (effects, after.differs) == ((), None)

    def test_a_grant_counts_again_once_the_lock_was_locked_in_between(self) -> None:
        # the passage of a door that is open stays, though an order locked it
        state = run(SHUT, (0, Grant(passage="p1")), (0.1, Contact(True)), (0.2, Lockdown()))
        assert state.passage == "p1"
        assert run(state, (0.3, Normal()), (0.4, Grant(passage="p1"))).released

    def test_a_first_grant_counts_while_the_exit_button_releases(self) -> None:
        assert run(SHUT, (0, ExitButton()), (0.1, Grant())).by == "grant"

    def test_who_leaves_while_another_passes_is_not_locked_in(self) -> None:
        through = run(SHUT, (0, Grant()), (1, Contact(True)))
        assert run(through, (1.5, ExitButton()), (2, Contact(False))).released
        assert not run(through, (2, Contact(False))).released

    def test_a_board_in_fault_is_not_also_one_that_does_not_follow(self) -> None:
        state = run(SHUT, (0, Fault("no answer")), (1, Relay(True)))
        assert state.differs is None
        assert events(state, Tick(), 60) == []

    def test_a_board_that_was_stuck_before_its_fault_begins_afresh(self) -> None:
        stuck = replace(SHUT, relay=True, differs=5.0, stuck=True)
        assert run(stuck, (9, Fault("no answer")), (10, Recovered())).phase is Phase.LOCKED

    def test_a_fault_ends_the_wait_for_the_board(self) -> None:
        differing = replace(SHUT, relay=True, differs=5.0)
        assert run(differing, (5.1, Fault("no answer"))).differs is None

    def test_a_late_loop_says_nothing_of_the_board_unless_it_was_stuck(self) -> None:
        differing = replace(SHUT, relay=True, differs=5.0)
        assert events(differing, Tick(), 60) == ["door.fault"]
        assert events(differing, Late(), 60) == []
        assert run(replace(differing, stuck=True), (60, Late())).stuck

    def test_grants_of_one_passage_count_once_until_the_debounce_is_over(self) -> None:
        debounce = SETTINGS.grant_debounce
        again = Grant(passage="p1")
        granted = run(SHUT, (0, again))
        assert run(granted, (debounce - 0.125, again)).until == granted.until
        assert run(granted, (debounce, again)).until == debounce + SETTINGS.unlock

    def test_the_last_moment_at_which_an_opening_still_belongs_to_the_grant(self) -> None:
        locked = replace(SHUT, relocked=8.0)
        assert not run(locked, (8 + SETTINGS.forced_grace, Contact(True))).forced
        assert run(locked, (8 + SETTINGS.forced_grace + 0.125, Contact(True))).forced

    def test_opened_just_after_an_order_locked_it_is_not_forced(self) -> None:
        locked = run(SHUT, (0, Grant()), (2, Lockdown()))
        assert not run(locked, (2.2, Contact(True))).forced
        assert run(locked, (9, Contact(True))).forced
