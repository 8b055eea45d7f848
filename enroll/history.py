"""What the pages ask of the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Required, TypedDict, Unpack

from sqlalchemy import ColumnElement, and_, extract, func, literal, select, true, union_all
from sqlalchemy.orm import aliased

from gate.store.engine import Database
from gate.store.tables import AcknowledgementRow, EventRow, ImportRow, PersonRow, SequenceRow

PASSAGES = ("passage.granted", "passage.denied", "passage.asked")
# what somebody has to look at
ALARMS = (
    "attack.presentation",
    "camera.covered",
    "camera.frozen",
    "camera.lost",
    "camera.moved",
    "camera.slow",
    "clock.implausible",
    "credential.guessing",
    "device.lost",
    "door.fault",
    "door.fire",
    "door.forced",
    "door.held",
    "door.tamper",
    "door.unsteady",
    "gallery.foreign",
    "gate.fault",
    "outbox.dropped",
    "passage.duress",
    "passage.tailgating",
    "store.lost",
    "store.memory",
)


@dataclass(frozen=True, slots=True)
class Day:
    """Figures of one day, for the charts. Hours are local."""

    granted: dict[int, int] = field(default_factory=dict)
    denied: dict[int, int] = field(default_factory=dict)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)


class Wanted(TypedDict, total=False):
    """What events are asked for; what is not named does not matter.

    Attributes:
        people: pseudonyms; None asks for everybody's events and those of nobody.
    """

    since: Required[datetime]
    until: Required[datetime]
    gate: str
    types: Sequence[str]
    reasons: Sequence[str]
    method: str
    people: Sequence[str] | None


def find(
    database: Database,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
    **wanted: Unpack[Wanted],
) -> list[EventRow]:
    """Events newest first; ``before`` is the last row of the page before."""
    query = select(EventRow).where(*_conditions(wanted))
    if before is not None:
        time, sequence = before
        query = query.where(
            EventRow.time <= time, (EventRow.time < time) | (EventRow.sequence < sequence)
        )
    query = query.order_by(EventRow.time.desc(), EventRow.sequence.desc()).limit(limit)
    with database.read() as session:
        return list(session.scalars(query))


def count(database: Database, most: int, **wanted: Unpack[Wanted]) -> int:
    """How many events there are, at most ``most``."""
    some = select(EventRow.sequence).where(*_conditions(wanted)).limit(most).subquery()
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(some)) or 0


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    people = wanted.get("people")
    yield EventRow.time >= wanted["since"]
    yield EventRow.time < wanted["until"]
    if gate := wanted.get("gate"):
        # of one person there are few: an expression leaves the index to the person
        yield (EventRow.gate + "" if people else EventRow.gate) == gate
    if types := wanted.get("types"):
        yield EventRow.type.in_(types)
    if reasons := wanted.get("reasons"):
        yield EventRow.reason.in_(reasons)
    if method := wanted.get("method"):
        yield EventRow.method == method
    if people is not None:
        yield EventRow.person.in_(people)


def names_of(database: Database, rows: Sequence[EventRow]) -> dict[str, tuple[int, str]]:
    """Pseudonym → number and name, of those still in the register."""
    return names_of_refs(database, {row.person for row in rows if row.person})


def names_of_refs(database: Database, refs: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The same for pseudonyms."""
    with database.read() as session:
        found = session.execute(
            select(PersonRow.ref, PersonRow.id, PersonRow.name).where(PersonRow.ref.in_(set(refs)))
        )
        return {ref: (number, name) for ref, number, name in found}


def called(database: Database, text: str, limit: int = 500) -> list[str]:
    """Pseudonyms of those whose name holds ``text``."""
    with database.read() as session:
        found = select(PersonRow.ref).where(PersonRow.name.icontains(text, autoescape=True))
        return list(session.scalars(found.limit(limit)))


def gates(database: Database) -> list[str]:
    """Every gate that ever wrote an event."""
    with database.read() as session:
        return list(session.scalars(select(SequenceRow.gate).order_by(SequenceRow.gate)))


def day(database: Database, begin: datetime, gate: str = "") -> Day:
    """Figures of the day that begins at ``begin`` (local midnight)."""
    end = begin + timedelta(days=1)
    where = [EventRow.type.in_(PASSAGES), EventRow.time >= begin, EventRow.time < end]
    if gate:
        where.append(EventRow.gate == gate)
    parts = _utc_parts(begin)
    result = Day()
    with database.read() as session:
        counts = session.execute(
            select(EventRow.type, func.count(), *parts)
            .where(*where)
            .group_by(EventRow.type, *parts)
        )
        for kind, count, *utc in counts:
            target = result.granted if kind == PASSAGES[0] else result.denied
            local_hour = _local_hour(begin, utc)
            target[local_hour] = target.get(local_hour, 0) + count
        reasons = session.execute(
            select(EventRow.reason, func.count())
            .where(*where, EventRow.type != PASSAGES[0], EventRow.reason.is_not(None))
            .group_by(EventRow.reason)
            .order_by(func.count().desc())
            .limit(12)
        )
        result.reasons.extend((str(reason), count) for reason, count in reasons)
        warmth = EventRow.body["temperature"]["estimated"].as_float()
        for latency, degrees in session.execute(select(EventRow.latency, warmth).where(*where)):
            if latency is not None:
                result.latencies.append(latency)
            if degrees is not None:
                result.temperatures.append(degrees)
    return result


def by_hour(database: Database, begin: datetime, gate: str = "") -> list[int]:
    """Granted passages in each of the 24 hours of the day that begins at ``begin`` (local)."""
    parts = _utc_parts(begin)
    query = select(func.count(), *parts).where(
        EventRow.type == PASSAGES[0],
        EventRow.time >= begin,
        EventRow.time < begin + timedelta(days=1),
    )
    if gate:
        query = query.where(EventRow.gate == gate)
    counts = [0] * 24
    with database.read() as session:
        for count, *utc in session.execute(query.group_by(*parts)):
            counts[_local_hour(begin, utc)] += count
    return counts


def _utc_parts(begin: datetime) -> list[ColumnElement[int]]:
    """What the events of a day are counted by: the hour, and the minute where it matters.

    In Kolkata (+05:30) or Kathmandu (+05:45) one hour of UTC is parts of two hours.
    """
    hour = extract("hour", EventRow.time)
    return [hour, extract("minute", EventRow.time)] if _offset(begin) % 60 else [hour]


def _local_hour(begin: datetime, utc: Sequence[int]) -> int:
    """The hour of the day, 0 to 23, from the hour, and minute if any, in UTC."""
    hour, minute = (*(int(part) for part in utc), 0)[:2]
    return (60 * hour + minute + _offset(begin)) // 60 % 24


def _offset(begin: datetime) -> int:
    """Minutes ahead of UTC, down to whole ones: some zones had seconds once."""
    return int((begin.utcoffset() or timedelta()).total_seconds() // 60)


def open_imports(database: Database) -> int:
    """Imports that were uploaded and neither finished nor discarded."""
    with database.read() as session:
        query = select(func.count()).select_from(ImportRow)
        return session.scalar(query.where(ImportRow.state.in_(("checked", "stopped")))) or 0


def recoveries(database: Database, types: Sequence[str], since: datetime) -> list[EventRow]:
    """The newest event of each gate, type and device that ended a trouble since ``since``."""
    query = select(EventRow).where(EventRow.type.in_(types), EventRow.time >= since)
    with database.read() as session:
        return list(session.scalars(query.order_by(EventRow.time.desc()).limit(1000)))


def open_alarms(
    database: Database, types: Sequence[str], since: datetime, limit: int = 200
) -> list[EventRow]:
    """Alarms nobody has acknowledged, newest first."""
    seen_to = select(AcknowledgementRow.event).where(AcknowledgementRow.event == EventRow.id)
    query = (
        select(EventRow)
        .where(EventRow.type.in_(types), EventRow.time >= since, ~seen_to.exists())
        .order_by(EventRow.time.desc())
        .limit(limit)
    )
    with database.read() as session:
        return list(session.scalars(query))


def not_seen_events(database: Database, person: str) -> list[str]:
    """Events that reported an absence, and that nobody has acknowledged."""
    seen_to = select(AcknowledgementRow.event).where(AcknowledgementRow.event == EventRow.id)
    query = select(EventRow.id).where(
        EventRow.type == "person.not_seen", EventRow.person == person, ~seen_to.exists()
    )
    with database.read() as session:
        return list(session.scalars(query))


def acknowledge(database: Database, event: str, by: str, note: str) -> bool:
    """Keep who saw to an alarm. False when there is no such event or it was seen to already."""
    with database.write() as session:
        known = session.scalar(select(EventRow.id).where(EventRow.id == event))
        if known is None or session.get(AcknowledgementRow, event) is not None:
            return False
        session.add(AcknowledgementRow(event=event, by=by, note=note.strip()[:300]))
        return True


def acknowledge_all(database: Database, events: Sequence[str], by: str, note: str) -> int:
    """Keep who saw to several alarms at once; how many of them nobody had seen to."""
    with database.write() as session:
        known = set(session.scalars(select(EventRow.id).where(EventRow.id.in_(events))))
        query = select(AcknowledgementRow.event).where(AcknowledgementRow.event.in_(known))
        fresh = known - set(session.scalars(query))
        text = note.strip()[:300]
        session.add_all(AcknowledgementRow(event=event, by=by, note=text) for event in fresh)
        return len(fresh)


def acknowledged(database: Database, limit: int = 50) -> list[tuple[AcknowledgementRow, EventRow]]:
    """The newest acknowledgements and what they were about."""
    query = (
        select(AcknowledgementRow, EventRow)
        .join(EventRow, EventRow.id == AcknowledgementRow.event)
        .order_by(AcknowledgementRow.at.desc())
        .limit(limit)
    )
    with database.read() as session:
        return [(row[0], row[1]) for row in session.execute(query)]


def newest(
    database: Database, gates: Sequence[str], types: Sequence[str]
) -> dict[str, dict[str, EventRow]]:
    """The newest event of each type of each gate: gate → type → event, by one query."""
    found: dict[str, dict[str, EventRow]] = {gate: {} for gate in gates}
    if not gates or not types:
        return found
    gate = union_all(*(select(literal(name).label("name")) for name in gates)).subquery()
    kind = union_all(*(select(literal(name).label("name")) for name in types)).subquery()
    one = aliased(EventRow)
    last = (
        select(one.sequence)
        .where(one.gate == gate.c.name, one.type == kind.c.name)
        .order_by(one.time.desc())
        .limit(1)
        .correlate(gate, kind)
        .scalar_subquery()
    )
    query = (
        select(gate.c.name, kind.c.name, EventRow)
        .select_from(gate)
        .join(kind, true())
        .join(EventRow, and_(EventRow.gate == gate.c.name, EventRow.sequence == last))
    )
    with database.read() as session:
        for name, type, row in session.execute(query):
            found[name][type] = row
    return found
