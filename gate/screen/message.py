"""What the screen shows: one value at a time. Texts are looked up by code when it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Look(StrEnum):
    """The kinds of picture there are, each with its own colour, symbol and sound."""

    IDLE = "idle"
    GUIDE = "guide"  # somebody is there and can do something: come closer
    WAIT = "wait"  # being looked at
    GRANT = "grant"
    DENY = "deny"
    ASK = "ask"
    OPEN = "open"  # held open by staff or schedule
    EMERGENCY = "emergency"
    FIRE = "fire"
    LOCKDOWN = "lockdown"
    FAULT = "fault"  # out of order, please use your card


@dataclass(frozen=True, slots=True)
class Item:
    """A line beside the result: the temperature, a status item."""

    topic: str
    good: bool | None
    value: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One picture.

    Attributes:
        code: a reason or guidance code of gate/access/reasons.py.
        advice: further codes, shown smaller.
        name: as it may be shown, already in the chosen form.
        until: when a hold-open ends.
        passage: whose it is; a later message of the same passage replaces it silently.
        note: what is out of order, in small, for whoever looks after the gate: a reason code.
        earlier: answers given a moment ago to others, shown smaller beside it; oldest first.
    """

    look: Look
    code: str
    advice: tuple[str, ...] = ()
    name: str = ""
    items: tuple[Item, ...] = ()
    until: datetime | None = None
    passage: str = ""
    note: str = ""
    earlier: tuple[Message, ...] = ()
