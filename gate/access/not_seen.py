"""Absence alerts for people who opted in: who has not been seen for long although the gate worked.

Pure. An elder who lives alone leaves the house every day; when neither face nor card was seen for
the configured number of hours, staff are alerted. Hours in which the gate was
down, blind or held open do not count: then nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Watched:
    """One person who opted in. All times are aware.

    Attributes:
        since: when the watching began; nothing before it counts.
        seen: last time, at any gate, by face or card.
        paused_until: away, as they informed staff.
        alerted: when staff were alerted to the present absence; None when they were not.
        acknowledged_by: the member of staff who is dealing with it.
    """

    person: int
    since: datetime
    seen: datetime | None = None
    paused_until: datetime | None = None
    alerted: datetime | None = None
    acknowledged_by: str = ""


class Change(StrEnum):
    NOT_SEEN = "person.not_seen"
    ENDED = "person.not_seen_ended"


@dataclass(frozen=True, slots=True)
class Notice:
    """An event. ``hours``: how long the gate would have seen them; ``by``: who or what ended it."""

    change: Change
    person: int
    hours: float = 0.0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the gate could not know: down, camera and reader lost, or held open."""

    begin: datetime
    end: datetime


def absence(watched: Watched, gaps: Iterable[Gap], now: datetime) -> timedelta:
    """How long the gate was working without seeing the person; zero while paused."""
    starts = (watched.since, watched.seen, watched.paused_until)
    begin = max(moment for moment in starts if moment is not None)
    blind, end = timedelta(0), begin
    for gap in sorted(gaps, key=lambda g: g.begin):  # overlapping gaps count once
        first, last = max(gap.begin, end), min(gap.end, now)
        if last > first:
            blind += last - first
            end = last
    return max(timedelta(0), now - begin - blind)


def check(
    people: Mapping[int, Watched], gaps: Iterable[Gap], now: datetime, hours: float
) -> tuple[dict[int, Watched], tuple[Notice, ...]]:
    """Once every few minutes: who has now been away too long. Each absence is reported once."""
    after, notices = dict(people), []
    if hours <= 0:
        return after, ()
    known = tuple(gaps)
    for number, watched in people.items():
        away = absence(watched, known, now)
        if watched.alerted is None and away >= timedelta(hours=hours):
            after[number] = replace(watched, alerted=now, acknowledged_by="")
            notices.append(Notice(Change.NOT_SEEN, number, round(away.total_seconds() / 3600, 1)))
    return after, tuple(notices)


def seen(
    people: Mapping[int, Watched], person: int, at: datetime
) -> tuple[dict[int, Watched], tuple[Notice, ...]]:
    """The gate saw a person, by face or card, whether granted or not."""
    watched = people.get(person)
    if watched is None or (watched.seen is not None and at <= watched.seen):
        return dict(people), ()
    notices = (Notice(Change.ENDED, person, by="seen"),) if watched.alerted else ()
    back = replace(watched, seen=at, alerted=None, acknowledged_by="", paused_until=None)
    return {**people, person: back}, notices


def acknowledge(
    people: Mapping[int, Watched], person: int, by: str, at: datetime
) -> tuple[dict[int, Watched], tuple[Notice, ...]]:
    """A named member of staff attended to it: counting restarts.

    Raises ValueError when nobody is named.
    """
    if not by.strip():
        raise ValueError("an acknowledgement must name who made it")
    watched = people.get(person)
    if watched is None or watched.alerted is None:
        return dict(people), ()
    done = replace(watched, since=at, alerted=None, acknowledged_by=by)
    return {**people, person: done}, (Notice(Change.ENDED, person, by=by),)


def pause(people: Mapping[int, Watched], person: int, until: datetime) -> dict[int, Watched]:
    """Away until ``until``; seeing them again ends it."""
    watched = people.get(person)
    if watched is None:
        return dict(people)
    return {**people, person: replace(watched, paused_until=until, alerted=None)}
