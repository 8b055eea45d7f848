"""Passages that were going on when the gate ended without an end: a crash, a power cut.

The record of what happened says which they are; at the next start it says that they are over. Who
went through the door meanwhile was seen by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile

from gate.passage import outputs
from gate.store.tables import EventRow

MOST = 2_000  # events looked back at; more than the door stands open for


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A passage without an end.

    Attributes:
        granted: when somebody was let in by it; None where they had been asked for more.
        person: their pseudonym.
    """

    passage: str
    granted: datetime | None = None
    person: str | None = None

    @property
    def end(self) -> outputs.EventOut:
        """The event that it is over."""
        details = {"passed": None, "interrupted": True}
        return outputs.EventOut("passage.ended", self.passage, details)


def interrupted(events: Iterable[EventRow]) -> list[Interrupted]:
    """The passages of the last run that have no end, the oldest first.

    Args:
        events: of one gate, the newest first.
    """
    known: dict[str, Interrupted | None] = {}
    for event in takewhile(lambda row: row.type != "gate.started", islice(events, MOST)):
        passage = event.passage
        if passage is None or passage in known:
            continue
        match event.type:
            case "passage.granted":
                going_on = event.body.get("rule") == "grant"  # else the door was open anyway
                left = Interrupted(passage, event.time, event.person)
                known[passage] = left if going_on else None
            case "passage.asked":
                known[passage] = Interrupted(passage)
            case "passage.denied" | "passage.abandoned" | "passage.ended":
                known[passage] = None
    return [each for each in reversed(known.values()) if each is not None]
