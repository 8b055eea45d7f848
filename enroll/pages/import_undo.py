"""Undo of an import: first what it would do, and then that."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response

from enroll.page import go, render
from enroll.pages.people import Number
from enroll.permissions import Permission
from enroll.visit import NOT_ALLOWED, Visit, allowed
from gate.importing.undo import look
from gate.store.tables import ImportRow

router = APIRouter()

Undo = Annotated[Visit, Depends(allowed(Permission.IMPORT))]
SHOWN = 100  # people who stay, on one page


@router.get("/imports/{job}/undo")
def ask(visit: Undo, job: Number, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """Who would be removed, and who stays and why."""
    row = _row(visit, job)
    if row.state not in ("done", "stopped"):
        return go(f"/imports/{job}")
    found = look(visit.desk.store, job)
    start = SHOWN * (page - 1)
    shown = list(found.stay.items())[start : start + SHOWN]
    return render(
        visit.request,
        "import_undo.html",
        visit,
        job=row,
        found=found,
        shown=shown,
        names=visit.desk.store.people.names(person for person, _ in shown),
        page=page,
        more=len(found.stay) > start + SHOWN,
    )


@router.post("/imports/{job}/undo")
def begin(visit: Undo, job: Number) -> Response:
    """Begin, or go on; nothing while it runs, or when nobody and no home is left to remove."""
    row = _row(visit, job)
    found = look(visit.desk.store, job)
    said = ""
    if row.state in ("done", "stopped") and (found.gone or found.homes):
        if visit.desk.imports.undo(job, visit.account.login):
            visit.note("import.undo", str(job))
            return go(f"/imports/{job}")
        said = "import_busy"
        row = _row(visit, job)  # somebody may have begun it since
    return go(f"/imports/{job}", "undo_begun" if row.state == "undoing" else said)


def _row(visit: Visit, job: int) -> ImportRow:
    """Undoing deletes, which needs its own permission."""
    if not visit.may(Permission.PEOPLE_DELETE):
        raise HTTPException(403, NOT_ALLOWED)
    row = visit.desk.imports.get(job)
    if row is None:
        raise HTTPException(404)
    return row
