"""The outputs of a lane: effects for the loop to carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.access.decision import Decision, Person
from gate.screen.message import Message


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody is being served: restart the median of the temperature."""

    passage: str


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Ask the entry status service about somebody who probably is the one.

    ``passage`` is empty for one who is not served yet.
    """

    passage: str
    person: Person


@dataclass(frozen=True, slots=True)
class MeasureAgain:
    """The temperature was high: restart its median and report the next one."""

    passage: str


@dataclass(frozen=True, slots=True)
class Decided:
    """To be written as an event.

    Attributes:
        latency: seconds since the first usable face, or since the card was shown.
        queued: how many of these seconds were spent waiting behind someone else.
    """

    passage: str
    decision: Decision
    latency: float
    queued: float = 0.0


@dataclass(frozen=True, slots=True)
class Open:
    """Release the door.

    ``extended``: for somebody who needs more time. ``agreed``: the site's controller has agreed.
    """

    passage: str
    extended: bool
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Released:
    """The door is released for somebody who was let in, or the site's controller lets them pass.

    Told by the main loop, which has carried out an ``Open``; no lane wants it.
    """

    passage: str


@dataclass(frozen=True, slots=True)
class Show:
    """A new message for the screen."""

    message: Message


@dataclass(frozen=True, slots=True)
class EventOut:
    """Another event to be recorded: an event of the ``passage.`` family."""

    type: str
    passage: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    person: str | None = None  # pseudonym


Output = Began | AskStatus | MeasureAgain | Decided | Open | Released | Show | EventOut
Outputs = tuple[Output, ...]
