"""Who is expected today: permits that are valid today, and who of them came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from gate.access.decision import Kind
from gate.store.engine import pieces
from gate.store.places import with_place
from gate.store.store import Store
from gate.store.tables import (
    ArrivalNoticeRow,
    BuildingRow,
    EventRow,
    PermitRow,
    PersonRow,
    UnitRow,
)

# in the order of the list
STATES = ("expected", "later", "came", "used_up", "ended", "revoked")


@dataclass(frozen=True, slots=True)
class Expected:
    """One permit of today.

    Attributes:
        state: "revoked", "used_up", "ended", "came", "expected" or "later" today.
        came: the first passage of the day with any proof, None when there was none.
        notice: of this day, whether somebody of the household was notified.
    """

    person: int
    name: str
    phone: str
    home: str
    permit: PermitRow
    state: str
    came: datetime | None
    notice: ArrivalNoticeRow | None = None


def of_day(store: Store, midnight: datetime, now: datetime) -> list[Expected]:
    """Visitors' permits that are valid at some time of the day that begins at ``midnight``.

    Whoever is still expected comes first, then who came, then what is over.
    """
    end = midnight + timedelta(days=1)
    query = with_place(
        select(
            PermitRow,
            PersonRow.id,
            PersonRow.ref,
            PersonRow.name,
            PersonRow.phone,
            BuildingRow.name,
            UnitRow.name,
        ).join(PersonRow, PersonRow.id == PermitRow.person_id)
    ).where(
        PermitRow.valid_from < end,
        PermitRow.valid_until > midnight,
        or_(PersonRow.kind == Kind.VISITOR.value, PermitRow.household_id.is_not(None)),
    )
    with store.database.read() as session:
        rows = session.execute(query).all()
        came: dict[str, datetime] = {}
        for some in pieces({row[2] for row in rows}):
            first = (
                select(EventRow.person, func.min(EventRow.time))
                .where(
                    EventRow.person.in_(some),
                    EventRow.type == "passage.granted",
                    EventRow.time >= midnight,
                    EventRow.time < end,
                )
                .group_by(EventRow.person)
            )
            came |= {str(ref): time for ref, time in session.execute(first)}
    notices = store.arrivals.notices((row[0].id for row in rows), midnight)
    found = [
        Expected(
            number,
            name,
            phone,
            " ".join(part for part in (building, unit) if part),
            permit,
            state_of(permit, came.get(ref), now),
            came.get(ref),
            notices.get(permit.id),
        )
        for permit, number, ref, name, phone, building, unit in rows
    ]
    return sorted(found, key=lambda one: (STATES.index(one.state), one.permit.valid_from, one.name))


def state_of(permit: PermitRow, came: datetime | None, now: datetime) -> str:
    """What a clerk has to know of a permit first. Pure."""
    if permit.revoked is not None:
        return "revoked"
    if permit.valid_until <= now:
        return "ended"
    if permit.uses_allowed and permit.uses >= permit.uses_allowed:
        return "used_up"
    if came is not None:
        return "came"
    return "later" if permit.valid_from > now else "expected"
