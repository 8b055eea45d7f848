"""Alarms, until somebody has seen to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from enroll import history
from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()

Alarms = Annotated[Visit, Depends(allowed(Permission.ALARMS))]
_SPAN = timedelta(days=30)


@router.get("/alarms")
def alarms(visit: Alarms) -> Response:
    database = visit.desk.store.database
    since = visit.desk.clock.utc() - _SPAN
    rows = history.open_alarms(database, history.ALARMS, since)
    seen_to = history.acknowledged(database)
    names = {}
    if visit.may(Permission.PEOPLE_VIEW):
        names = history.names_of(database, [*rows, *(event for _, event in seen_to)])
        visit.note("alarms.view", people=len(names))
    return render(
        visit.request,
        "alarms.html",
        visit,
        rows=rows,
        missing=visit.desk.missed(),
        seen_to=seen_to,
        names=names,
    )


@router.post("/alarms/{event}")
def acknowledge(
    visit: Alarms, event: str, note: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    database = visit.desk.store.database
    if history.acknowledge(database, event, visit.account.login, note):
        visit.note("alarm.acknowledge", event[:80])
    return go("/alarms", "acknowledged")
