"""Alarms by cause, until somebody has seen to them or they ended by themselves."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import Response

from enroll import alarm_groups, event_view, history, open_alarms
from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.store.tables import EventRow

router = APIRouter()

Alarms = Annotated[Visit, Depends(allowed(Permission.ALARMS))]
_FAULTS = 12  # lines of the table of faults


@router.get("/alarms")
def alarms(visit: Alarms) -> Response:
    database, now = visit.desk.store.database, visit.desk.clock.utc()
    groups = open_alarms.by_cause(database, now)
    seen_to = history.acknowledged(database)
    names = {}
    may_name = visit.may(Permission.PEOPLE_VIEW)
    if may_name:
        shown = [*(group.newest for group in groups), *(event for _, event in seen_to)]
        names = history.names_of(database, shown)
        visit.note("alarms.view", people=len(names))

    def one(row: EventRow) -> event_view.Line:
        return event_view.line(row, names, visit.language, may_name)

    since = now - open_alarms.SPAN
    technical = tuple(kind for kind in history.ALARMS if not kind.startswith("passage."))
    rows = history.find(database, since=since, until=now, types=technical, limit=1000)
    counts = Counter(alarm_groups.key_of(row) for row in rows)
    newest = {alarm_groups.key_of(row): row for row in reversed(rows)}
    return render(
        visit.request,
        "alarms.html",
        visit,
        groups=groups,
        missing=visit.desk.missed(),
        seen_to=seen_to,
        one=one,
        faults=[
            (one(newest[key]).story.line, newest[key].gate, count)
            for key, count in counts.most_common(_FAULTS)
        ],
    )


@router.post("/alarms")
def acknowledge_cause(
    visit: Alarms,
    key: Annotated[str, Form(max_length=200)],
    until: Annotated[str, Form(max_length=40)],
    note: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """See to every alarm of a cause up to the newest that was on the page, and to none after it."""
    try:
        last = datetime.fromisoformat(until)
        if last.tzinfo is None:
            raise ValueError
    except ValueError:
        raise HTTPException(422, "The form is out of date; go back, and save again") from None
    database = visit.desk.store.database
    groups = open_alarms.by_cause(database, visit.desk.clock.utc())
    rows = next((group.rows for group in groups if group.key == key), ())
    events = [row.id for row in rows if row.time <= last]
    count = history.acknowledge_all(database, events, visit.account.login, note)
    if count:
        visit.note("alarm.acknowledge", events[0], count=count)
    return go("/alarms", "acknowledged" if count else "")


@router.post("/alarms/{event}")
def acknowledge(
    visit: Alarms, event: str, note: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    database = visit.desk.store.database
    if history.acknowledge(database, event, visit.account.login, note):
        visit.note("alarm.acknowledge", event[:80])
    return go("/alarms", "acknowledged")
