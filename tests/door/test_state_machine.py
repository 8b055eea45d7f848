"""The door: what it does, and what it must never do."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from gate.door.state_machine import energised, step
from gate.door.transition_table import INPUTS, STATES, table

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


inputs = st.one_of(
    st.builds(Grant, st.booleans(), st.just(""), st.booleans()),
    st.builds(Contact, st.booleans()),
    st.just(ExitButton()),
    st.builds(Fire, st.booleans()),
    st.just(FireReset()),
    st.builds(Tamper, st.booleans()),
    st.just(Lockdown()),
    st.builds(HoldOpen, st.floats(0, 1e5)),
    st.just(Normal()),
    st.builds(Relay, st.booleans()),
    st.just(Fault("no answer")),
    st.just(Recovered()),
    st.just(Tick()),
)
moments = st.floats(0, 5) | st.floats(0, 100)
STEPS = 50


@st.composite
def doors(draw: st.DrawFn) -> DoorSettings:
    """Any door an installer may configure."""
    seconds = [draw(st.floats(0.2, 60)) for _ in range(3)]
    held = draw(st.floats(1, 600))
    return DoorSettings(
        fail=draw(st.sampled_from(["secure", "safe"])),
        unlock=seconds[0],
        extended_unlock=seconds[1],
        exit_unlock=seconds[2],
        max_unlock=draw(st.floats(max(1.0, *seconds), 600)),
        grant_debounce=draw(st.floats(0, 5)),
        contact=True,
        relock_on_close=draw(st.booleans()),
        forced_grace=draw(st.floats(0, 5)),
        prealarm=held * draw(st.floats(0, 0.99)),
        held_open_after=held,
        extended_held_open_after=draw(st.floats(1, 3600)),
        max_hold_open=draw(st.floats(1, 24 * 3600)),
        exit_in_lockdown=draw(st.booleans()),
        confirm_within=draw(st.floats(0.1, 10)),
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(moments, inputs), min_size=STEPS, max_size=STEPS), doors())
@pytest.mark.slow
def test_invariants(sequence: list[tuple[float, Input]], s: DoorSettings) -> None:
    keeps_the_invariants(sequence, s)


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 9), min_size=13, max_size=13),
    st.floats(0.01, 120),
    doors(),
)
@pytest.mark.soak
def test_invariants_over_ten_thousand_steps_on_end(
    seed: int, weights: list[int], pause: float, s: DoorSettings
) -> None:
    """Any door, any mixture of inputs, any pace; the order of the inputs by ``seed``."""
    chance = random.Random(seed)
    kinds: list[Callable[[float], Input]] = [
        lambda now: Grant(chance.random() < 0.3, chance.choice("ab"), chance.random() < 0.1),
        lambda now: Contact(chance.random() < 0.5),
        lambda now: ExitButton(),
        lambda now: Fire(chance.random() < 0.5),
        lambda now: FireReset(),
        lambda now: Tamper(chance.random() < 0.5),
        lambda now: Lockdown(),
        lambda now: HoldOpen(now + chance.uniform(-1, 100 * pause)),
        lambda now: Normal(),
        lambda now: Relay(chance.random() < 0.5),
        lambda now: Fault("no answer"),
        lambda now: Recovered(),
        lambda now: Tick(),
    ]
    now = 0.0
    sequence = []
    for make in chance.choices(kinds, [weight + 0.1 for weight in weights], k=10_000):
        wait = chance.choice((0.0, chance.uniform(0, 0.1 * pause), chance.uniform(0, pause)))
        now += wait
        sequence.append((wait, make(now)))
    keeps_the_invariants(sequence, s)


def keeps_the_invariants(sequence: Sequence[tuple[float, Input]], s: DoorSettings) -> None:
    longest = max(s.unlock, s.extended_unlock, s.exit_unlock)
    state = DoorState()
    powered = energised(state, s)
    now = 0.0
    asked = -1e9  # the last grant or exit that was not refused
    begun = 0.0  # when the running unlock began
    hold_end = -1e9
    fire = passes = False
    relocked = -1e9
    for wait, one in sequence:
        now += wait
        before, (state, effects) = state, step(state, one, now, s)
        refused = any(isinstance(e, EventOut) and e.type == "door.refused" for e in effects)
        if isinstance(one, Grant | ExitButton) and not refused:
            asked = now
        if isinstance(one, HoldOpen) and not refused:
            hold_end = min(one.until, now + s.max_hold_open)
        if isinstance(one, Lockdown | Normal):
            hold_end = -1e9
        fire = fire or one == Fire(True)
        if isinstance(one, FireReset) and not refused:
            fire = False

        # never unlocked without a grant, exit, fire or hold-open, nor longer than allowed
        recently = now - asked < longest
        assert not state.released or recently or fire or now < hold_end
        # fire always wins
        assert state.released or not fire
        # in a lock-down nobody enters but who may pass it; who is inside gets out, unless the
        # house has it otherwise
        if isinstance(one, Lockdown | Normal):
            passes = False
        if state.lockdown and not refused:
            passes = passes or (isinstance(one, Grant) and one.override)
            passes = passes or (isinstance(one, ExitButton) and s.exit_in_lockdown)
        if state.lockdown and state.released and not fire:
            assert passes
        # a grant never opens a door whose board is out of order
        if before.fault and isinstance(one, Grant) and before.fault == state.fault:
            assert state.released <= before.released
        # time, news of the board and a closing door never release
        if isinstance(one, Tick | Relay | Contact | Fault | Recovered | Tamper):
            assert state.released <= before.released
        # grants that follow each other stay within the limit
        if state.until is not None:
            if before.until is None or now >= before.until:
                begun = now
            assert state.until <= begun + s.max_unlock
            assert state.until - now <= longest + 1e-6  # sums of floating-point seconds
        # a lock that is released rests no later than it was to, whatever comes
        if before.released and not math.isinf(before.release_end) and now >= before.release_end:
            assert not state.released or isinstance(one, Grant | ExitButton | HoldOpen | Fire)
        # a door that opens while it is locked, and was not just now, is forced; otherwise it is not
        if isinstance(one, Contact) and one.open and before.open is False:
            just = now - relocked <= s.forced_grace or (
                before.released and now >= before.release_end
            )
            assert state.forced == (not state.released and not just)
        if before.released and not state.released:
            relocked = now
        # held open is reported after the time allowed and never before
        if any(isinstance(e, EventOut) and e.type == "door.held" for e in effects):
            assert before.opened is not None
            least = min(s.held_open_after, s.extended_held_open_after)
            assert now - before.opened >= least
        # a second grant never shortens
        if isinstance(one, Grant) and before.released:
            assert state.released or now >= before.release_end
        # the effects are what the state asks for, and nothing else moves the relay
        for effect in effects:
            if isinstance(effect, Energise | Rest):
                assert powered != isinstance(effect, Energise)
                powered = isinstance(effect, Energise)
        assert powered == energised(state, s)
        # an alarm is standing as long as its cause
        assert ("fire" in state.alarms) == fire
        assert not (state.held or state.forced) or state.open
        # the same input again changes nothing that opens
        again, _ = step(state, one, now, s)
        if not isinstance(one, ExitButton | Grant | HoldOpen):
            assert again.released == state.released


@pytest.mark.parametrize("name", list(STATES))
def test_each_example_state_is_the_phase_it_stands_for(name: str) -> None:
    if name in set(Phase):
        assert STATES[name].phase == name


def test_a_state_is_never_changed_in_place() -> None:
    state = replace(SHUT)
    step(state, Grant(), 0, SETTINGS)
    assert state == SHUT


class TestEachConditionByItself:
    """One test for what taking a condition or a field away would change; see tools/mutate.py."""

    def test_a_fault_forgets_what_the_contact_and_the_board_said(self) -> None:
        before = DoorState(
            open=True, opened=5.0, relay=True, differs=5.0, held=True, warned=True, forced=True
        )
        after = run(before, (6, Fault("no answer")))
        assert (after.open, after.opened, after.relay) == (None, None, None)
        assert (after.held, after.warned, after.forced) == (False, False, False)

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

    def test_opened_just_after_an_order_locked_it_is_not_forced(self) -> None:
        locked = run(SHUT, (0, Grant()), (2, Lockdown()))
        assert not run(locked, (2.2, Contact(True))).forced
        assert run(locked, (9, Contact(True))).forced


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
