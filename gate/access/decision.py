"""Persons, methods and decisions: the vocabulary of the access rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gate.sensors.reading import Reading


class Outcome(StrEnum):
    GRANT = "grant"
    DENY = "deny"
    ASK = "ask"  # show a card, or wait for staff


class Method(StrEnum):
    FACE = "face"
    CARD = "card"
    PERMIT = "permit"
    PIN = "pin"
    FACE_AND_CARD = "face+card"
    STAFF = "staff"
    NONE = "none"


class Kind(StrEnum):
    RESIDENT = "resident"
    TENANT = "tenant"
    STAFF = "staff"
    CARER = "carer"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules may know of a person. ``ref`` is the pseudonym used outside the box."""

    id: int
    ref: str
    kind: Kind = Kind.RESIDENT
    active: bool = True
    blocked: str = ""  # the reason, empty when not blocked
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    groups: frozenset[str] = frozenset()
    extended_unlock: bool = False  # needs more time to walk through
    face_alone: bool = True  # False: resembles another person, a second factor is asked for
    born: date | None = None  # when known: children below a set age show a card as well
    # for the screen of this box only; never logged, never published
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """Grant, deny or ask, with all that led to it.

    Attributes:
        rule: the identifier of the rule that decided, as listed in docs/access.md.
        reasons: codes, most important first; the screen and the explanation translate them.
        values: the plain figures the decision was made from (scores, thresholds, temperatures,
            status items), enough to explain it later. No names, no card numbers.
    """

    outcome: Outcome
    method: Method
    rule: str
    reasons: tuple[str, ...] = ()
    person: Person | None = None
    reading: Reading | None = None
    values: dict[str, object] = field(default_factory=dict)
