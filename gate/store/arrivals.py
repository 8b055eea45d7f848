"""Residents who want to be notified of visitors: the way of each, and who was notified."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from gate.access.decision import Kind
from gate.store.engine import Database, pieces
from gate.store.tables import (
    ArrivalNoticeRow,
    ArrivalWayRow,
    ConsentRow,
    EventRow,
    PermitRow,
    PersonRow,
    SequenceRow,
)
from gate.store.vault import Vault

PURPOSE = "arrival"  # of the consent
_GRANTED = "passage.granted"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visitor who came in with somebody's household to notify; the first time with that permit on
    that day.

    Attributes:
        event, gate, at: the passage.
        visitor: name of who came.
    """

    event: str
    gate: str
    at: datetime
    permit: str
    household: int
    visitor: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody who agreed to be notified. ``to`` is the part of the address that is theirs."""

    person: int
    language: str
    way: str
    to: str = field(repr=False)


class Arrivals:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def choose(self, person: int, way: str, to: str, set_by: str, at: datetime) -> None:
        """Keep the way of a person; the address is sealed."""
        sealed = self._vault.keep(to.encode(), _name(person))
        with self._database.write() as session:
            session.merge(
                ArrivalWayRow(person_id=person, way=way, address=sealed, set_by=set_by, at=at)
            )

    def forget(self, person: int) -> None:
        """The person wants no more notices."""
        with self._database.write() as session:
            session.execute(delete(ArrivalWayRow).where(ArrivalWayRow.person_id == person))

    def of_person(self, person: int) -> tuple[str, str] | None:
        """Way and address of a person. Raises StoreError when the key is another."""
        with self._database.read() as session:
            row = session.get(ArrivalWayRow, person)
        return None if row is None else (row.way, self._open(row))

    def since(
        self, begin: datetime, after: dict[str, int], day: Callable[[datetime], datetime]
    ) -> list[Arrival]:
        """Arrivals from ``begin`` on, oldest first, behind the sequence of each gate in ``after``.

        A visitor is whoever has one of a household's permits, or is registered as a visitor of a
        home. Only the first passage of a day with a permit is an arrival; ``day`` is when the day
        of a moment began.
        """
        home = func.coalesce(PermitRow.household_id, PersonRow.household_id)
        query = (
            select(EventRow, PermitRow, PersonRow.name, home)
            .join(PersonRow, PersonRow.ref == EventRow.person)
            .join(PermitRow, PermitRow.person_id == PersonRow.id)
            .where(
                EventRow.type == _GRANTED,
                EventRow.time >= begin,
                PermitRow.valid_from <= EventRow.time,
                PermitRow.valid_until >= EventRow.time,
                or_(PermitRow.household_id.is_not(None), PersonRow.kind == Kind.VISITOR.value),
                home.is_not(None),
            )
            .order_by(EventRow.time, EventRow.gate, EventRow.sequence, PermitRow.created.desc())
        )
        found: dict[str, Arrival] = {}
        with self._database.read() as session:
            for event, permit, name, household in session.execute(query).all():
                if event.id in found or event.sequence <= after.get(event.gate, 0):
                    continue
                if not _came(session, event, max(permit.valid_from, day(event.time))):
                    found[event.id] = Arrival(
                        event.id, event.gate, event.time, permit.id, household, name
                    )
        return list(found.values())

    def heads(self) -> dict[str, int]:
        """The last sequence of each gate: whether there is anything new."""
        with self._database.read() as session:
            return {
                row.gate: row.last
                for row in session.execute(select(SequenceRow.gate, SequenceRow.last))
            }

    def wishes(self, arrival: Arrival) -> list[Wish]:
        """Who of the household agreed, chose a way, lives there, and was not notified yet."""
        newest = (
            select(func.max(ConsentRow.id))
            .where(ConsentRow.person_id == PersonRow.id, ConsentRow.purpose == PURPOSE)
            .correlate(PersonRow)
            .scalar_subquery()
        )
        done = select(ArrivalNoticeRow.person_id).where(ArrivalNoticeRow.event == arrival.event)
        query = (
            select(ArrivalWayRow, PersonRow.locale)
            .join(PersonRow, PersonRow.id == ArrivalWayRow.person_id)
            .join(ConsentRow, ConsentRow.id == newest)
            .where(
                PersonRow.household_id == arrival.household,
                PersonRow.active,
                PersonRow.kind != Kind.VISITOR.value,
                ConsentRow.answer == "agreed",
                PersonRow.id.not_in(done),
            )
            .order_by(PersonRow.id)
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [Wish(row.person_id, locale, row.way, self._open(row)) for row, locale in rows]

    def note(self, arrival: Arrival, wish: Wish, at: datetime, *, told: bool) -> None:
        """Keep that somebody was notified, or that it failed. Nothing when the permit is gone."""
        with self._database.write() as session:
            if _both_there(session, arrival.permit, wish.person):
                session.add(
                    ArrivalNoticeRow(
                        event=arrival.event,
                        permit_id=arrival.permit,
                        person_id=wish.person,
                        way=wish.way,
                        told=told,
                        at=at,
                    )
                )

    def notices(self, permits: Iterable[str], begin: datetime) -> dict[str, ArrivalNoticeRow]:
        """Permit → the newest notice since ``begin``, one that was sent before one that was not."""
        found: dict[str, ArrivalNoticeRow] = {}
        with self._database.read() as session:
            for some in pieces(permits):
                query = (
                    select(ArrivalNoticeRow)
                    .where(ArrivalNoticeRow.permit_id.in_(some), ArrivalNoticeRow.at >= begin)
                    .order_by(ArrivalNoticeRow.told, ArrivalNoticeRow.at)
                )
                found |= {row.permit_id: row for row in session.scalars(query)}
        return found

    def _open(self, row: ArrivalWayRow) -> str:
        return self._vault.reveal(row.address, _name(row.person_id)).decode()


def _came(session: Session, event: EventRow, since: datetime) -> bool:
    """Whether the same person was let in between ``since`` and the event."""
    earlier = select(EventRow.id).where(
        EventRow.person == event.person,
        EventRow.type == _GRANTED,
        EventRow.time >= since,
        EventRow.time < event.time,
    )
    return session.scalar(earlier.limit(1)) is not None


def _both_there(session: Session, permit: str, person: int) -> bool:
    return bool(session.get(PermitRow, permit) and session.get(PersonRow, person))


def _name(person: int) -> str:
    return f"arrival:{person}"
