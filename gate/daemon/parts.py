"""What the main loop asks of the screen, the thermometer and the entry status."""

from __future__ import annotations

from typing import Protocol

from gate.access.decision import Person
from gate.passage import inputs
from gate.recognition.face import Sighting
from gate.screen.message import Message


class Parts(Protocol):
    """What the loop asks of the outside; the daemon gives the real ones, tests simple ones."""

    def show(self, message: Message) -> None:
        """Put a picture on the screen."""
        ...

    def ask_status(self, person: Person) -> None:
        """Begin to ask the entry status; the answer comes back as ``inputs.Answered``."""
        ...

    def measure(self, passage: str) -> None:
        """Restart the median of the temperature for this passage."""
        ...

    def measured(self, face: Sighting | None, *, behind: bool) -> inputs.Measured | None:
        """The temperature of whoever is being served, once there is one that is new.

        ``face``: theirs. ``behind``: someone else is nearer to the gate.
        """
        ...
