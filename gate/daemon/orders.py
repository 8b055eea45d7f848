"""Orders of staff, schedules and signed commands: which are refused, and what the door is given.

Pure: what the door does and what it is held open for are arguments; times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.access.request import Mode
from gate.door import state as door

# a hold-open that ends by itself within these seconds needs no order to end it
_SOON = 2.0


@dataclass(frozen=True, slots=True)
class Order:
    """An instruction of staff, a schedule or a signed command. ``by`` is recorded in the event."""

    # open | hold | hold_ends | emergency | emergency_ends | lockdown | normal | fire_reset
    kind: str
    by: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold:
    """What the door was last held open for, and who ordered that."""

    mode: Mode = Mode.HELD_OPEN
    by: str = ""


def refusal(kind: str, by: str, state: door.DoorState, hold: Hold) -> str:
    """Why an order of this kind would be refused now, as a code; empty when it is carried out."""
    if kind in ("open", "hold", "emergency") and state.lockdown:
        return "lockdown"
    if kind == "emergency_ends" and hold != Hold(Mode.EMERGENCY, by):
        return "not_yours"
    if kind == "open" and state.phase is door.Phase.FAULT:
        return "fault"
    return "fire" if kind == "fire_reset" and state.fire_input else ""


def unended(order: Order, state: door.DoorState, hold: Hold, now: float) -> Order | None:
    """The order to carry out; None when it is to end what is over or another ordered."""
    if order.kind == "hold_ends":
        until = state.hold_until
        if until is None or hold.by != order.by or until - now <= _SOON:
            return None
        return replace(order, kind="normal")
    if order.kind == "emergency_ends":
        return None if state.hold_until is None else replace(order, kind="normal")
    return order


def meaning(order: Order, now: float, emergency: float) -> door.Input:
    """What the door is given for an order.

    Args:
        emergency: seconds of an emergency that is ordered without any.

    Raises:
        ValueError: there is no such order.
    """
    match order.kind:
        case "hold":
            return door.HoldOpen(now + order.seconds, order.by)
        case "emergency":
            return door.HoldOpen(now + (order.seconds or emergency), "emergency")
        case "lockdown":
            return door.Lockdown()
        case "fire_reset":
            return door.FireReset()
        case "normal":
            return door.Normal()
    raise ValueError(f"there is no order {order.kind!r}")


def mode_of(state: door.DoorState, hold: Hold) -> tuple[Mode, float | None]:
    """The gate's mode and when it ends by itself: the door counts, not what was ordered."""
    if state.fire:
        return Mode.FIRE, None
    if state.lockdown:
        return Mode.LOCKDOWN, state.hold_until
    if state.hold_until is not None:
        return hold.mode, state.hold_until
    return Mode.NORMAL, None
