"""Retention: what is kept for how long, what is due, the last run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll import retention
from enroll.page import go, render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed

router = APIRouter()

Retention = Annotated[Visit, Depends(allowed(Permission.RETENTION))]


@router.get("/retention")
def periods(visit: Retention) -> Response:
    desk = visit.desk
    return render(
        visit.request,
        "retention.html",
        visit,
        settings=desk.settings,
        due=len(retention.due(desk, desk.clock.utc())),
        waits=retention.waiting(desk, desk.clock.utc()),
        last=desk.store.key_values.get("desk.retention") or {},
    )


@router.post("/retention/run")
def run_now(visit: Retention) -> Response:
    visit.note("retention.now")
    retention.run(visit.desk, visit.desk.clock.utc())
    return go("/retention", "saved")
