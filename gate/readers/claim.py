"""A credential somebody showed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClaimKind(StrEnum):
    CARD = "card"
    PERMIT = "permit"
    PIN = "pin"


# the value of something shown that cannot be read: it is reported, never dropped silently
UNREADABLE = ""

# what a reader's line gives before the reader adds its name and the time
Shown = tuple[ClaimKind, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A card, permit or PIN, as it came from a reader; not yet looked up.

    Attributes:
        kind: what was shown.
        value: a card's canonical number (see ``readers/card_number.py``), a permit's text, or a
            PIN's digits; ``UNREADABLE`` when nothing of the kind could be read. Never logged,
            never published.
        reader: the reader's name in the configuration.
        shown: monotonic seconds.
    """

    kind: ClaimKind
    value: str
    reader: str
    shown: float

    def __repr__(self) -> str:  # a card number must not reach a log by way of a repr
        return f"Claim({self.kind.value} from {self.reader})"
