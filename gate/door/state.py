"""Door inputs, effects and state."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    LOCKED = "locked"
    UNLOCKING = "unlocking"  # commanded, the board has not confirmed yet
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody may pass.

    ``extended``: the person needs more time to walk through. ``override``: passes a lock-down,
    as the rules allow some groups.
    """

    extended: bool = False
    passage: str = ""
    override: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """Level of the door contact."""

    open: bool


@dataclass(frozen=True, slots=True)
class ExitButton:
    """Pressed (the edge, not the level: a jammed button opens once)."""


@dataclass(frozen=True, slots=True)
class Fire:
    """Level of the fire input."""

    active: bool


@dataclass(frozen=True, slots=True)
class FireReset:
    """By hand, by a named member of staff."""


@dataclass(frozen=True, slots=True)
class Tamper:
    active: bool


@dataclass(frozen=True, slots=True)
class Lockdown:
    """Nobody enters until Normal."""


@dataclass(frozen=True, slots=True)
class HoldOpen:
    """Released until a moment (monotonic seconds), cut to ``max_hold_open``."""

    until: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Normal:
    """Ends a lock-down and a hold-open; never a fire."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The channel's state as reported by the board."""

    energised: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """The board cannot be reached or refuses."""

    what: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The board answers again."""


@dataclass(frozen=True, slots=True)
class Late:
    """The main loop did not run for longer than a release is held: the relay may have dropped."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = (
    Grant
    | Contact
    | ExitButton
    | Fire
    | FireReset
    | Tamper
    | Lockdown
    | HoldOpen
    | Normal
    | Relay
    | Fault
    | Recovered
    | Late
    | Tick
)


@dataclass(frozen=True, slots=True)
class Energise:
    """The relay is to be energised now."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The relay is to fall now."""


@dataclass(frozen=True, slots=True)
class EventOut:
    """An event to be recorded. ``type`` is an event type of the ``door.`` family."""

    type: str
    passage: str = ""
    values: dict[str, object] = field(default_factory=dict)


Effect = Energise | Rest | EventOut


@dataclass(frozen=True, slots=True)
class DoorState:
    """Facts about the door; times are monotonic seconds, None when not running."""

    open: bool | None = None  # None: no contact, or not known yet
    until: float | None = None  # end of the unlock after a grant or the exit button
    limit: float = 0.0  # ``until`` may be extended up to here
    granted: float | None = None  # the last grant that counted
    extended: bool = False
    by: str = ""  # grant or exit: who asked for the unlock that runs
    passage: str = ""
    fire: bool = False  # latched until reset by hand
    fire_input: bool = False
    lockdown: bool = False
    hold_until: float | None = None
    relocked: float | None = None  # when the lock was last rested
    opened: float | None = None  # since when the held-open time runs
    shut: bool = False  # closed and locked when the board was lost, and not released since
    entered: bool = False  # opened since the last grant
    warned: bool = False
    held: bool = False
    forced: bool = False
    tamper: bool = False
    fault: str = ""  # the driver's last error
    relay: bool | None = None  # the last state reported by the board
    differs: float | None = None  # since when the board reports another state than commanded
    stuck: bool = False

    @property
    def released(self) -> bool:
        return self.fire or self.hold_until is not None or self.until is not None

    @property
    def release_end(self) -> float:
        """When the release ends by itself; infinite for fire, -infinite when not released."""
        if self.fire:
            return math.inf
        ends = [end for end in (self.until, self.hold_until) if end is not None]
        return max(ends, default=-math.inf)

    @property
    def phase(self) -> Phase:
        if self.fault or self.stuck:
            return Phase.FAULT
        if self.open:
            if self.forced:
                return Phase.FORCED_OPEN
            return Phase.HELD_OPEN if self.held else Phase.OPEN
        if not self.released:
            return Phase.LOCKED
        return Phase.UNLOCKING if self.differs is not None else Phase.UNLOCKED

    @property
    def alarms(self) -> tuple[str, ...]:
        """What must be seen and heard now, most urgent first."""
        standing = {
            "fire": self.fire,
            "forced_open": self.forced,
            "tamper": self.tamper,
            "fault": bool(self.fault) or self.stuck,
            "held_open": self.held,
            "prealarm": self.warned and not self.held,
        }
        return tuple(name for name, on in standing.items() if on)
