"""Exports: what leaves the box, to whom, what for, and what has left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.exporting import preview

router = APIRouter()

HOURS = 50  # lines of the audit that are looked through


@router.get("/exports")
def exports(visit: Annotated[Visit, Depends(allowed(Permission.EVENTS_VIEW))]) -> Response:
    """Figures and names of fields only, nothing about a person."""
    desk = visit.desk
    lines = desk.store.audit.lines(HOURS, action="platform.sent")
    refused = desk.store.audit.lines(HOURS, action="platform.refused")
    views = [preview.view(each, desk.gate, desk.store) for each in desk.exports]
    return render(
        visit.request,
        "exports.html",
        visit,
        views=views,
        hours={
            view.name: [line for line in lines if line.actor == f"export:{view.name}"]
            for view in views
        },
        refused={
            view.name: [line for line in refused if line.actor == f"export:{view.name}"]
            for view in views
        },
    )
