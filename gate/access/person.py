"""Persons and the methods by which they make themselves known: values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


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
    # the community's own number, for the site's controller only; never logged, never published
    number: str = field(default="", repr=False)
    # for the screen of this box only; never logged, never published
    name: str = field(default="", repr=False)
