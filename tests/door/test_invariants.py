"""What a door never does, in whatever order inputs come and however it is configured."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

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
    Lockdown,
    Normal,
    Recovered,
    Relay,
    Rest,
    Tamper,
    Tick,
)
from gate.door.state_machine import energised, step

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
        assert not (state.held or state.forced) or state.open is not False
        # the same input again changes nothing that opens
        again, _ = step(state, one, now, s)
        if not isinstance(one, ExitButton | Grant | HoldOpen):
            assert again.released == state.released
