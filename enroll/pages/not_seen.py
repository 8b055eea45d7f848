"""People who opted in to absence alerts: not seen for long, away, looked after."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query
from fastapi.responses import Response

from enroll import history
from enroll.page import go, render
from enroll.pages.people import Number, person_of
from enroll.permissions import Permission
from enroll.register import called_like, people_of
from enroll.visit import Visit, allowed
from gate.access.not_seen import Watched
from gate.store.tables import PersonRow

router = APIRouter()

Alarms = Annotated[Visit, Depends(allowed(Permission.ALARMS))]
LONGEST = timedelta(days=366)  # of an absence announced in advance
PAGE = 50
LIST = "/alarms/not-seen"


@router.get(LIST)
def watched(
    visit: Alarms,
    text: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    store, now = visit.desk.store, visit.desk.clock.utc()
    everybody = visit.desk.missing.watched(now)
    if text.strip():
        called = called_like(store.database, text.strip())
        everybody = {number: one for number, one in everybody.items() if number in called}
    order = sorted(
        everybody.values(), key=lambda one: (one.alerted is None, one.seen or one.since, one.person)
    )
    shown = order[(page - 1) * PAGE : page * PAGE]
    people = people_of(store.database, (one.person for one in shown))
    rows = [(people[one.person], one) for one in shown if one.person in people]
    visit.note("not_seen.view", people=len(rows))
    return render(
        visit.request,
        "not_seen.html",
        visit,
        rows=rows,
        more=len(order) > page * PAGE,
        page=page,
        text=text,
        hours=visit.desk.not_seen_hours,
        now=now,
        first=now.astimezone().date(),
    )


@router.post(LIST + "/{person}/acknowledge")
def acknowledge(
    visit: Alarms, person: Number, note: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Somebody of staff looked after this person: the counting starts again."""
    row, one = _watched(visit, person)
    if one.alerted is not None:
        _seen_to(visit, row, note)
    return go(LIST, "acknowledged")


@router.post(LIST + "/{person}/pause")
def pause(
    visit: Alarms,
    person: Number,
    until: Annotated[str, Form(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = "",
) -> Response:
    """Away up to and with that day; no day: back again."""
    row, one = _watched(visit, person)
    now = visit.desk.clock.utc()
    end = _end_of(until, now) if until else now
    if until and one.alerted is not None:
        _seen_to(visit, row, "")  # who is known to be away is not missed any more
    visit.desk.missing.pause(person, end, now)
    visit.note("not_seen.pause", row.ref, until=until)
    return go(LIST, "saved")


def _seen_to(visit: Visit, person: PersonRow, note: str) -> None:
    """The gate's event that reported it, and the absence itself."""
    database = visit.desk.store.database
    for event in history.not_seen_events(database, person.ref):
        history.acknowledge(database, event, visit.account.login, note)
    visit.desk.missing.acknowledge(person.id, visit.account.login, visit.desk.clock.utc())
    visit.note("not_seen.acknowledge", person.ref)


def _watched(visit: Visit, person: int) -> tuple[PersonRow, Watched]:
    row = person_of(visit, person)
    one = visit.desk.missing.watched(visit.desk.clock.utc()).get(person)
    if one is None:
        raise HTTPException(404)
    return row, one


def _end_of(day: str, now: datetime) -> datetime:
    """Midnight behind a day. Raises 422 for one that is none, is over, or is too far."""
    try:
        end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise HTTPException(422, "There is no such day") from None
    if not now < end <= now + LONGEST:
        raise HTTPException(422, "Give a day from today to a year from now")
    return end
