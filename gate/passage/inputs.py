"""The inputs of a lane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gate.access.decision import Method, Person
from gate.access.request import Credential, Finding, Mode
from gate.recognition.face import Sighting
from gate.sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Seen:
    """What recognition says about one frame of one camera."""

    sightings: tuple[Sighting, ...]


# seconds: an older showing opens nothing. Who showed the card may have left, and whoever is
# there now has shown nothing.
CLAIM_AGE = 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A card, permit or PIN, looked up. ``at``: monotonic seconds of the showing."""

    method: Method
    person: Person | None
    credential: Credential
    at: float


@dataclass(frozen=True, slots=True)
class Checked:
    """What was shown as ``serial`` was looked up again while its passage goes on.

    ``person``: None where the register has them no more. ``granted``: they had been let in when it
    was asked for.
    """

    serial: str
    person: Person | None
    credential: Credential
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A temperature of the person before the gate, judged."""

    reading: Reading
    finding: Finding


@dataclass(frozen=True, slots=True)
class Answered:
    """What the entry status service said about a person, judged.

    ``until``: from then on (monotonic seconds) it does not count any more.
    """

    person: int
    findings: tuple[Finding, ...]
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class Ordered:
    """The door's mode, by order of staff, schedule or the fire input; ``until`` is local."""

    mode: Mode
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DoorOpened:
    """The contact says open. ``forced``: the lock was not released."""

    forced: bool = False


@dataclass(frozen=True, slots=True)
class DoorClosed:
    """The contact says closed."""


@dataclass(frozen=True, slots=True)
class DoorLocked:
    """The unlock is over.

    ``entered``: the door was opened meanwhile. ``seen``: the contact could be read.
    """

    entered: bool
    seen: bool = True


@dataclass(frozen=True, slots=True)
class ContactLost:
    """The contact cannot be read any more: the board is away."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The site's controller is asked about somebody let in: the door waits for its answer."""

    passage: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """The site's controller agrees to a passage."""

    passage: str


@dataclass(frozen=True, slots=True)
class NotReleased:
    """The door is not released for somebody who was let in.

    ``by``: "door": it refuses; "controller": that of the site refuses or is silent; "elsewhere":
    the controller lets them pass itself, as far as anybody knows.
    """

    passage: str
    by: Literal["door", "controller", "elsewhere"]


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """``code``: what does not work as a reason code ("camera_fault", …); "" when all does.
    ``note``: the same of what keeps nobody from passing."""

    code: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = (
    Seen
    | Shown
    | Checked
    | Measured
    | Answered
    | Ordered
    | DoorOpened
    | DoorClosed
    | DoorLocked
    | ContactLost
    | Asked
    | Agreed
    | NotReleased
    | OutOfOrder
    | Tick
)
