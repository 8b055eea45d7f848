"""Events as pages show them: sentences, and a passage as a line of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.events import story
from gate.store.tables import EventRow
from gate.texts.catalogue import word

# pseudonym → number and name
Names = Mapping[str, tuple[int, str]]

SIGNS = {"good": "circle-check", "warn": "triangle-alert", "bad": "circle-x", "plain": "info"}
_WAYS = {
    "face": "scan-face",
    "card": "id-card",
    "face+card": "contact",
    "permit": "ticket",
    "pin": "keyboard",
    "staff": "hand",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event in a list.

    Attributes:
        link: the person's page; empty when nobody is known or may be named.
        sign: the icon of the tone, ``way`` that of the method or empty.
    """

    id: str
    time: datetime
    gate: str
    story: story.Story
    link: str
    sign: str
    way: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One event on the line of time of a passage; ``after`` in seconds from the first."""

    id: str
    time: datetime
    after: float
    line: str
    tone: str
    here: bool


def who(row: EventRow, names: Names, language: str, may_name: bool) -> str:
    """The person's name where it may be shown; empty where the words of the event speak for it."""
    if not row.person or not may_name:
        return ""
    known = names.get(row.person)
    return known[1] if known else word("story", "gone_person", language)


def line(row: EventRow, names: Names, language: str, may_name: bool) -> Line:
    """``row`` as one line of a list."""
    told = story.tell(row.body, language, who(row, names, language, may_name))
    known = names.get(row.person or "")
    return Line(
        id=row.id,
        time=row.time,
        gate=row.gate,
        story=told,
        link=f"/people/{known[0]}" if known and may_name else "",
        sign=SIGNS[told.tone],
        way=_WAYS.get(row.method or "", ""),
    )


def passage(
    rows: Sequence[EventRow], here: str, tell: Callable[[EventRow], story.Story]
) -> list[Moment]:
    """The events of one passage in order, each with its distance from the first."""
    if not rows:
        return []
    begin = min(row.time for row in rows)
    told = ((row, tell(row)) for row in sorted(rows, key=lambda row: (row.time, row.sequence)))
    return [
        Moment(
            row.id,
            row.time,
            (row.time - begin).total_seconds(),
            words.line,
            words.tone,
            row.id == here,
        )
        for row, words in told
    ]
