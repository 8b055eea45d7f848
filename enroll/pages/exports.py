"""Exports: what leaves the box, to whom, what for, and what has left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from enroll.page import render
from enroll.permissions import Permission
from enroll.visit import Visit, allowed
from gate.exporting import preview
from gate.store.tables import AuditRow

router = APIRouter()

HOURS = 50  # lines of the audit that are looked through


@router.get("/exports")
def exports(visit: Annotated[Visit, Depends(allowed(Permission.EVENTS_VIEW))]) -> Response:
    """Figures and names of fields only, nothing about a person."""
    desk = visit.desk

    def lines(action: str) -> dict[str, list[AuditRow]]:
        found = desk.store.audit.lines(HOURS, action=action)
        return {
            each.name: [line for line in found if line.actor == each.receiver]
            for each in desk.exports
        }

    views = [preview.view(each, desk.gate, desk.store) for each in desk.exports]
    return render(
        visit.request,
        "exports.html",
        visit,
        views=views,
        hours=lines("platform.sent"),
        refused=lines("platform.refused"),
    )
