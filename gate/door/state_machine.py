"""The door: one pure state machine. ``docs/door.md`` is the table made from it.

``step`` takes the state, one input, the monotonic time and the settings, and returns the next
state and the effects to carry out. It reads no clock and calls nothing. The state holds facts; its
``phase`` and whether the lock is ``released`` follow from them, so the two cannot disagree.
"""

from __future__ import annotations

from dataclasses import replace

from gate.door.settings import DoorSettings
from gate.door.state import (
    Contact,
    DoorState,
    Effect,
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


def energised(state: DoorState, settings: DoorSettings) -> bool:
    """What the relay should be: fail-secure locks are powered to release, fail-safe to lock."""
    return state.released if settings.fail == "secure" else not state.released


def refuses(state: DoorState, grant: Grant) -> str:
    """Why the door is not released for a grant, as a code; "" where it is."""
    if state.phase is Phase.FAULT:
        return "fault"
    return "lockdown" if state.lockdown and not grant.override else ""


def step(
    state: DoorState, given: Input, now: float, settings: DoorSettings
) -> tuple[DoorState, tuple[Effect, ...]]:
    """The next state and the effects to carry out, in order."""
    if isinstance(given, Late) and not state.stuck:
        # the board followed its last command, only the refresh came too late: no fault of its own
        state = replace(state, relay=None, differs=None)
    # timers expire first: an input never sees an unlock that is already over
    after_time, timed = _time(state, now, settings)
    if state.released and not after_time.released:
        after_time = replace(after_time, relocked=now)
    after_input, events = _apply(after_time, given, now, settings)
    after, turned = _turned(state, after_input, now, settings)
    moved: tuple[Effect, ...] = ()
    if energised(after, settings) != energised(state, settings):
        moved = (Energise() if energised(after, settings) else Rest(),)
    return after, moved + timed + events + turned


Events = tuple[EventOut, ...]


def _time(state: DoorState, now: float, settings: DoorSettings) -> tuple[DoorState, Events]:
    events: Events = ()
    if state.until is not None and now >= state.until:
        state = replace(state, until=None)
    if state.hold_until is not None and now >= state.hold_until:
        state = replace(state, hold_until=None, opened=now if state.open else None)
        events += (EventOut("door.hold_ended"),)
    since = state.differs
    if since is not None and not state.stuck and now - since >= settings.confirm_within:
        state = replace(state, stuck=True)
        values: dict[str, object] = {"cause": "the relay does not follow commands"}
        events += (EventOut("door.fault", state.passage, values),)
    excused = state.forced or state.fire or state.hold_until is not None
    if state.open and state.opened is not None and not excused:
        state, more = _open_too_long(state, now - state.opened, settings)
        events += more
    return state, events


def _open_too_long(
    state: DoorState, elapsed: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    allowed = settings.extended_held_open_after if state.extended else settings.held_open_after
    events: Events = ()
    if not state.warned and elapsed >= allowed - settings.prealarm:
        state = replace(state, warned=True)
        events += (EventOut("door.prealarm", state.passage),)
    if not state.held and elapsed >= allowed:
        state = replace(state, held=True)
        events += (EventOut("door.held", state.passage),)
    return state, events


def _apply(
    state: DoorState, given: Input, now: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    match given:
        case Grant():
            return _grant(state, given, now, settings)
        case ExitButton():
            return _exit(state, now, settings)
        case Contact(is_open):
            return _contact(state, is_open, now, settings)
        case Fire(active):
            return _fire(state, active)
        case FireReset():
            return _fire_reset(state, now)
        case Tamper(active):
            if active == state.tamper:
                return state, ()
            return replace(state, tamper=active), (EventOut("door.tamper", "", {"open": active}),)
        case Lockdown():
            events = () if state.lockdown else (EventOut("door.lockdown"),)
            return replace(state, lockdown=True, until=None, hold_until=None), events
        case HoldOpen():
            return _hold_open(state, given, now, settings)
        case Normal():
            restart = now if state.open and state.hold_until is not None else state.opened
            state = replace(state, lockdown=False, hold_until=None, opened=restart)
            return state, (EventOut("door.normal"),)
        case Relay(is_energised):
            return replace(state, relay=is_energised), ()
        case Fault(what, where):
            # the contact cannot be read meanwhile; an alarm does not end by that
            values: dict[str, object] = {"cause": what, "where": where}
            events = () if state.fault else (EventOut("door.fault", state.passage, values),)
            # a magnet without its board holds nothing
            shut = state.shut or (state.open is False and settings.fail == "secure")
            return replace(state, fault=what, relay=None, open=None, shut=shut), events
        case Recovered():
            events = (EventOut("door.recovered"),) if state.fault else ()
            return replace(state, fault=""), events
        case Late() | Tick():
            return state, ()


def _refused(
    state: DoorState, asked: str, reason: str, passage: str = ""
) -> tuple[DoorState, Events]:
    values: dict[str, object] = {"asked": asked, "reason": reason}
    return state, (EventOut("door.refused", passage, values),)


def _grant(
    state: DoorState, grant: Grant, now: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    if reason := refuses(state, grant):
        return _refused(state, "grant", reason, grant.passage)
    again = grant.passage == state.passage and state.until is not None
    if again and state.granted is not None and now - state.granted < settings.grant_debounce:
        return state, ()
    seconds = settings.extended_unlock if grant.extended else settings.unlock
    state = _unlock(state, seconds, now, settings)
    # a person granted while another walks through has not entered yet: closing must not lock
    # them out
    state = replace(state, by="grant", granted=now, passage=grant.passage, entered=False)
    return replace(state, extended=state.extended or grant.extended), ()


def _exit(state: DoorState, now: float, settings: DoorSettings) -> tuple[DoorState, Events]:
    if state.lockdown and not settings.exit_in_lockdown:
        return _refused(state, "exit", "lockdown")
    # pressed again meanwhile, or by a loose wire: the same wish
    again = state.by == "exit" and state.until is not None
    state = replace(_unlock(state, settings.exit_unlock, now, settings), by="exit", entered=False)
    return state, () if again else (EventOut("door.exit"),)


def _unlock(state: DoorState, seconds: float, now: float, settings: DoorSettings) -> DoorState:
    if state.until is None:
        return replace(state, until=now + seconds, limit=now + settings.max_unlock)
    return replace(state, until=max(state.until, min(now + seconds, state.limit)))


def _contact(
    state: DoorState, is_open: bool, now: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    if is_open == state.open:
        return state, ()
    if not is_open:
        return _closed(state, now, settings)
    just_relocked = state.relocked is not None and now - state.relocked <= settings.forced_grace
    closed = state.open is False or state.shut
    forced = closed and not state.released and not just_relocked
    if state.opened is not None:  # it stood open when the board was lost
        return replace(state, open=True), (EventOut("door.opened", state.passage),)
    state = replace(state, open=True, opened=now, forced=forced, entered=state.released, shut=False)
    kind = "door.forced" if forced else "door.opened"
    return state, (EventOut(kind, "" if forced else state.passage),)


def _closed(state: DoorState, now: float, settings: DoorSettings) -> tuple[DoorState, Events]:
    events: Events = ()
    away = state.open is None and state.opened is not None  # it closed while the board was away
    if state.open or away:
        since = None if away else state.opened
        seconds = round(now - since, 3) if since is not None else None
        events = (EventOut("door.closed", state.passage, {"seconds": seconds}),)
    passed = state.entered and settings.relock_on_close
    state = replace(state, open=False, opened=None, warned=False, held=False, forced=False)
    state = replace(state, shut=False)
    state = replace(state, until=None if passed else state.until, extended=False)
    return replace(state, passage=state.passage if state.released else ""), events


def _fire(state: DoorState, active: bool) -> tuple[DoorState, Events]:
    events = (EventOut("door.fire"),) if active and not state.fire else ()
    state = replace(state, fire_input=active, fire=state.fire or active)
    if state.fire:
        state = replace(state, forced=False, held=False, warned=False)
    return state, events


def _fire_reset(state: DoorState, now: float) -> tuple[DoorState, Events]:
    if state.fire_input:
        return _refused(state, "fire_reset", "fire")
    if not state.fire:
        return state, ()
    state = replace(state, fire=False, opened=now if state.open else None)
    return state, (EventOut("door.fire_reset"),)


def _hold_open(
    state: DoorState, order: HoldOpen, now: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    if state.lockdown:
        return _refused(state, "hold_open", "lockdown")
    if order.until <= now:
        return _refused(state, "hold_open", "past")
    until = min(order.until, now + settings.max_hold_open)
    values: dict[str, object] = {"seconds": round(until - now, 1), "reason": order.reason}
    calm = replace(state, hold_until=until, forced=False, held=False, warned=False)
    return calm, (EventOut("door.hold", "", values),)


def _turned(
    before: DoorState, after: DoorState, now: float, settings: DoorSettings
) -> tuple[DoorState, Events]:
    """Events of a lock that was released or locked, and of the board's report."""
    events: Events = ()
    if after.released:
        after = replace(after, shut=False)
    if after.released and not before.released:
        by = "fire" if after.fire else "hold_open" if after.hold_until is not None else after.by
        events = (EventOut("door.unlocked", after.passage, {"by": by}),)
        after = replace(after, entered=False)
    elif before.released and not after.released:
        events = (EventOut("door.locked", before.passage, {"entered": after.entered}),)
        after = replace(after, relocked=now, passage=after.passage if after.open else "")
    if after.fault or after.relay is None:
        return replace(after, differs=None, stuck=False), events
    if after.relay == energised(after, settings):
        if after.stuck:
            events += (EventOut("door.recovered"),)
        return replace(after, differs=None, stuck=False), events
    return replace(after, differs=after.differs if after.differs is not None else now), events
