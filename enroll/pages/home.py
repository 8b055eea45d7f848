"""Today: what needs somebody, and the shortest ways to the day's work."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll import history
from enroll.page import render
from enroll.permissions import Permission
from enroll.register import count_of
from enroll.visit import Visit, allowed

router = APIRouter()


@router.get("/")
def today(visit: Annotated[Visit, Depends(allowed(Permission.SIGNED_IN))]) -> Response:
    store = visit.desk.store
    since = visit.desk.clock.utc() - timedelta(days=30)
    alarms = missing = ended = 0
    if visit.may(Permission.ALARMS):
        alarms = len(history.open_alarms(store.database, history.ALARMS, since))
        missing = visit.desk.missed()
    if visit.may(Permission.PEOPLE_EDIT):
        ended = count_of(store.database, "ended", visit.desk.clock.utc())
    return render(
        visit.request,
        "home.html",
        visit,
        people=store.people.count() if visit.may(Permission.PEOPLE_VIEW) else None,
        alarms=alarms,
        missing=missing,
        ended=ended,
        goes=visit.desk.settings.keep_moved_out_days > 0,
    )
